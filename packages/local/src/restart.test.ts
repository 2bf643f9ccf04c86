import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';

/** A real server process, killed without warning while clients write. */
const program = fileURLToPath(new URL('./restart.child.ts', import.meta.url));
const rounds = 3;
const writesPerRound = 60;
const writers = 4;

let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-restart-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

type List = KubeObject & { items: KubeObject[] };

interface Server {
  child: ChildProcess;
  /** The text of the answer; rejects when that is a failure. */
  text(method: string, path: string, body?: object): Promise<string>;
  /** The same, parsed. */
  ask<T>(method: string, path: string, body?: object): Promise<T>;
}

async function startServer(): Promise<Server> {
  const child = spawn(process.execPath, [program, directory, join(directory, 'state.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const [path] = (await once(lines, 'line')) as [string];
  lines.close();
  const config = parse(readFileSync(path, 'utf8')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
  };
  const pem = (data = ''): string => Buffer.from(data, 'base64').toString('utf8');
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  const agent = new Agent({
    ca: pem(cluster?.['certificate-authority-data']),
    cert: pem(user?.['client-certificate-data']),
    key: pem(user?.['client-key-data']),
    keepAlive: true,
  });
  const text = (method: string, target: string, body?: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(`${cluster?.server}${target}`, { method, agent }, (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (answer += chunk));
        response.on('error', reject);
        response.on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(answer);
          else reject(new Error(answer));
        });
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  return {
    child,
    text,
    ask: async <T>(method: string, path: string, body?: object) =>
      JSON.parse(await text(method, path, body)) as T,
  };
}

const collection = '/api/v1/namespaces/default/configmaps';

/** The last state of every object that the server acknowledged. */
const acknowledged = new Map<string, KubeObject>();

/** Creates and changes objects of its own until the server is gone. */
async function write(server: Server, prefix: string, onWrite: () => void): Promise<void> {
  try {
    for (let i = 0; ; i++) {
      const name = `${prefix}-${i}`;
      const made = await server.ask<KubeObject>('POST', collection, { metadata: { name }, data: { n: '0' } });
      acknowledged.set(name, made);
      const path = `${collection}/${name}`;
      acknowledged.set(name, await server.ask<KubeObject>('PUT', path, { ...made, data: { n: '1' } }));
      onWrite();
    }
  } catch {
    // The server was killed: what was under way counts for nothing.
  }
}

test('a server that is killed while it writes loses nothing that it acknowledged, and goes on counting', async () => {
  acknowledged.clear();
  let newest = 0;
  for (let round = 0; round < rounds; round++) {
    const server = await startServer();
    let done = 0;
    const kill = (): void => {
      if (++done === writesPerRound) server.child.kill('SIGKILL');
    };
    const gone = once(server.child, 'exit');
    await Promise.all(Array.from({ length: writers }, (_, w) => write(server, `r${round}w${w}`, kill)));
    await gone;
    expect(done).toBeGreaterThanOrEqual(writesPerRound);

    const next = await startServer();
    const list = await next.ask<List>('GET', collection);
    const found = new Map(list.items.map((item) => [item.metadata.name ?? '', item]));
    for (const [name, object] of acknowledged) {
      const { resourceVersion, uid } = found.get(name)?.metadata ?? {};
      expect([name, uid]).toEqual([name, object.metadata.uid]);
      expect(Number(resourceVersion), name).toBeGreaterThanOrEqual(Number(object.metadata.resourceVersion));
    }
    const versions = [...acknowledged.values()].map((o) => Number(o.metadata.resourceVersion));
    newest = Math.max(newest, ...versions);
    expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(newest);
    const after = await next.ask<KubeObject>('POST', collection, { metadata: { name: `after-${round}` } });
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(list.metadata.resourceVersion));
    const exited = once(next.child, 'exit');
    next.child.kill('SIGKILL');
    await exited;
  }
}, 60_000);

test('a watch goes on after the restart from where it was', async () => {
  const first = await startServer();
  const made = await first.ask<KubeObject>('POST', collection, { metadata: { name: 'a' } });
  await first.ask('DELETE', `${collection}/a`);
  await first.ask('POST', collection, { metadata: { name: 'b' } });
  const exited = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await exited;

  const second = await startServer();
  const query = `watch=1&timeoutSeconds=1&resourceVersion=${made.metadata.resourceVersion}`;
  const text = await second.text('GET', `${collection}?${query}`);
  const lines = text.split('\n').filter((line) => line !== '');
  const events = lines.map((line) => JSON.parse(line) as { type: string; object: KubeObject });
  const seen = events.map(({ type, object }) => `${type} ${object.metadata.name}`);
  expect(seen.filter((line) => / [ab]$/.test(line))).toEqual(['DELETED a', 'ADDED b']);
}, 60_000);
