import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type PatroniClientOptions, PatroniError, patroniClient } from './index.ts';

interface Exchange {
  method: string | undefined;
  path: string | undefined;
  body: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A stand-in for Patroni that gives one answer (none when it is undefined) and keeps what it was asked. */
async function standIn(
  answer: { status: number; body: string } | undefined,
  options: PatroniClientOptions = {},
) {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      exchanges.push({ method: request.method, path: request.url, body });
      if (answer) response.writeHead(answer.status).end(answer.body);
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { client: patroniClient('127.0.0.1', { ...options, port }), exchanges };
}

test('cluster: members with and without a known lag', async () => {
  const { client } = await standIn({
    status: 200,
    body: JSON.stringify({
      scope: 'demo',
      pause: true,
      members: [
        { name: 'demo-0', role: 'leader', state: 'running', host: '10.0.0.1', port: 5432, timeline: 3 },
        {
          name: 'demo-1',
          role: 'sync_standby',
          state: 'streaming',
          timeline: 3,
          lag: 16,
          pending_restart: true,
        },
        { name: 'demo-2', role: 'replica', state: 'starting', lag: 'unknown', tags: { nofailover: true } },
      ],
    }),
  });
  expect(await client.cluster()).toEqual({
    paused: true,
    members: [
      {
        name: 'demo-0',
        role: 'leader',
        state: 'running',
        host: '10.0.0.1',
        port: 5432,
        timeline: 3,
        pendingRestart: false,
        tags: {},
      },
      {
        name: 'demo-1',
        role: 'sync_standby',
        state: 'streaming',
        timeline: 3,
        lag: 16,
        pendingRestart: true,
        tags: {},
      },
      {
        name: 'demo-2',
        role: 'replica',
        state: 'starting',
        pendingRestart: false,
        tags: { nofailover: true },
      },
    ],
  });
});

test('patroni: a member whose PostgreSQL is down has no position', async () => {
  const { client } = await standIn({ status: 200, body: '{"state":"stopped","role":"replica"}' });
  expect(await client.patroni()).toMatchObject({ state: 'stopped', role: 'replica', paused: false });
});

test('patroni: who streams from the member, with what is missing left out', async () => {
  const body = JSON.stringify({
    state: 'running',
    role: 'primary',
    replication: [{ application_name: 'demo-1', client_addr: '10.0.0.2', state: 'streaming' }, { pid: 7 }],
  });
  const { client } = await standIn({ status: 200, body });
  expect((await client.patroni()).replication).toEqual([
    { applicationName: 'demo-1', clientAddress: '10.0.0.2', state: 'streaming' },
    { applicationName: '', state: 'unknown' },
  ]);
});

test('patchConfig sends null to remove a key and returns the new configuration', async () => {
  const { client, exchanges } = await standIn({ status: 200, body: '{"ttl":30}' });
  expect(await client.patchConfig({ loop_wait: null })).toEqual({ ttl: 30 });
  expect(exchanges).toEqual([{ method: 'PATCH', path: '/config', body: '{"loop_wait":null}' }]);
});

test('switchover names leader and candidate as Patroni does', async () => {
  const { client, exchanges } = await standIn({
    status: 200,
    body: 'Successfully switched over to "demo-1"',
  });
  expect(await client.switchover({ leader: 'demo-0', candidate: 'demo-1' })).toContain('demo-1');
  expect(JSON.parse(exchanges[0]?.body ?? '')).toEqual({ leader: 'demo-0', candidate: 'demo-1' });
});

test('a refusal carries status and text', async () => {
  const { client } = await standIn({ status: 412, body: 'switchover is not possible: no good candidates' });
  const failure: unknown = await client.switchover({ leader: 'demo-0' }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PatroniError);
  expect(failure).toMatchObject({ status: 412 });
  expect(String(failure)).toContain('no good candidates');
});

test('silence ends after the time limit, without a status', async () => {
  const { client } = await standIn(undefined, { timeoutMs: 50 });
  const failure: unknown = await client.patroni().catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'PatroniError', status: undefined });
  expect(String(failure)).toContain('no answer within 50 ms');
});

test('an answer that is not JSON is an error, not an exception of the parser', async () => {
  const { client } = await standIn({ status: 200, body: '<html>' });
  await expect(client.config()).rejects.toThrow('not a JSON object');
});

test('nothing listening is told with address', async () => {
  const { client } = await standIn({ status: 200, body: '{}' });
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  await expect(client.config()).rejects.toThrow(/ECONNREFUSED/);
});
