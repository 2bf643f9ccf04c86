import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type KubeObject, type WatchEvent } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  createAuthenticator,
  createAuthorizer,
  createTokenIssuer,
  ensureBootstrapPolicy,
  ensurePki,
} from '../auth/index.ts';
import type { NodeProxy } from '../node/node-proxy.ts';
import { openRegistry, type LocalRegistry } from '../registry/index.ts';
import { createApiServer, type ApiServer } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'pgherd-server-'));
let registry: LocalRegistry;
let server: ApiServer;
let agent: Agent;
let ca = '';
let port = 0;
let token = '';

/** What the command of this name writes, without ever waiting. */
const flood = { pieces: 20, size: 10_000 };
const nodeProxy: NodeProxy = {
  async *logs(_namespace, _pod, options) {
    yield Buffer.from('first\n');
    if (options.follow) await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.from('second\n');
  },
  async exec(_namespace, _pod, options) {
    if (options.command[0] === 'flood') {
      for (let n = 0; n < flood.pieces; n++) {
        options.stdout?.write(Buffer.alloc(flood.size));
        options.stderr?.write(Buffer.alloc(flood.size));
      }
      return 0;
    }
    for await (const chunk of options.stdin ?? []) options.stdout?.write(chunk);
    options.stderr?.write('complaint');
    return 7;
  },
  async attach(_namespace, _pod, { stdout }) {
    stdout?.write('what it said');
  },
  connect: () => Promise.reject(new Error('nobody listens')),
};

beforeAll(async () => {
  const pki = await ensurePki(directory, { ips: ['127.0.0.1'], dnsNames: [], clock: systemClock });
  registry = openRegistry({ path: join(directory, 'state.db') });
  ensureBootstrapPolicy(registry);
  const core = (plural: string) => ({ group: '', version: 'v1', plural });
  registry.create(core('serviceaccounts'), 'default', { metadata: { name: 'default' } });
  const common = { registry, clock: systemClock, serviceAccountKey: pki.serviceAccountKey };
  const tokenIssuer = createTokenIssuer(common);
  token = tokenIssuer.issue({
    namespace: 'default',
    serviceAccount: 'default',
    expirationSeconds: 3600,
  }).token;
  server = createApiServer({
    registry,
    tokenIssuer,
    nodeProxy,
    authenticator: createAuthenticator(common),
    authorizer: createAuthorizer(registry),
    tls: { cert: pki.server.certificate, key: pki.server.key, ca: pki.caCertificate },
  });
  ({ port } = await server.listen('127.0.0.1', 0));
  ca = pki.caCertificate;
  agent = new Agent({ ca, cert: pki.admin.certificate, key: pki.admin.key, keepAlive: true });
});

afterAll(async () => {
  agent.destroy();
  await server.close();
  registry.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Reply {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: KubeObject & { message?: string; reason?: string };
}

function start(
  method: string,
  path: string,
  headers: Record<string, string | string[]> = {},
  body?: string | Buffer,
  via: Agent = agent,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: via }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string | string[]> = {},
  via?: Agent,
): Promise<Reply> {
  const raw =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await start(method, path, headers, raw, via);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const isJson = (response.headers['content-type'] ?? '').includes('json');
  const parsed = (isJson ? JSON.parse(text) : { metadata: {} }) as Reply['body'];
  return { code: response.statusCode ?? 0, headers: response.headers, text, body: parsed };
}

/** Events of a watch, as they come. */
async function* watch(path: string): AsyncGenerator<WatchEvent> {
  const response = await start('GET', path);
  expect(response.headers['transfer-encoding']).toBe('chunked');
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    rest += chunk.toString('utf8');
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield JSON.parse(rest.slice(0, end)) as WatchEvent;
      rest = rest.slice(end + 1);
    }
  }
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

test('who has no credentials gets 401, who has no rights 403, a path that is not there 404', async () => {
  const stranger = new Agent({ ca });
  expect(await send('GET', configMaps, undefined, {}, stranger)).toMatchObject({
    code: 401,
    body: { reason: 'Unauthorized' },
  });
  const headers = { authorization: `Bearer ${token}` };
  const refused = await send('GET', configMaps, undefined, headers, stranger);
  expect(refused.code).toBe(403);
  expect(refused.body.message).toContain(
    'User "system:serviceaccount:default:default" cannot list resource "configmaps"',
  );
  expect((await send('GET', '/apis/nope/v1/things')).code).toBe(404);
  expect((await send('GET', `${pods}/x/ephemeralcontainers`)).code).toBe(404);
  stranger.destroy();
});

test('a body needs neither Content-Type nor kind, and may be YAML', async () => {
  const made = await send('POST', configMaps, { metadata: { name: 'bare' } });
  expect(made).toMatchObject({ code: 201, body: { kind: 'ConfigMap', apiVersion: 'v1' } });
  const yaml = 'metadata: {name: yaml}\ndata: {a: "on"}\n';
  const other = await send('POST', configMaps, yaml, { 'content-type': 'application/yaml' });
  expect(other).toMatchObject({ code: 201, body: { data: { a: 'on' } } });
});

test('what cannot be read is told: 400, 413, 415, 406', async () => {
  expect((await send('POST', configMaps, '{')).code).toBe(400);
  expect((await send('POST', configMaps, Buffer.alloc(3 * 1024 * 1024 + 1, 0x20))).code).toBe(413);
  expect((await send('POST', configMaps, 'x', { 'content-type': 'text/plain' })).code).toBe(415);
  expect((await send('PATCH', `${configMaps}/x`, '{}', { 'content-type': 'application/json' })).code).toBe(
    415,
  );
  expect(
    (await send('GET', configMaps, undefined, { accept: 'application/vnd.kubernetes.protobuf' })).code,
  ).toBe(406);
  const both = 'application/vnd.kubernetes.protobuf,application/json';
  expect((await send('GET', configMaps, undefined, { accept: both })).code).toBe(200);
  expect((await send('POST', `${configMaps}/x`, {})).code).toBe(405);
});

test('unknown and duplicate fields warn, or are refused under Strict', async () => {
  const body = '{"metadata":{"name":"odd"},"date":{},"data":{"a":"1","a":"2"}}';
  const warned = await send('POST', configMaps, body);
  expect(warned.code).toBe(201);
  expect(warned.headers['warning']).toContain('299 - "duplicate field \\"data.a\\""');
  expect(warned.headers['warning']).toContain('unknown field \\"date\\"');
  expect((await send('POST', `${configMaps}?fieldValidation=Strict`, body)).code).toBe(400);
});

test('a watch starts at a version, tells every later event, and ends at its time', async () => {
  const list = await send('GET', configMaps);
  const { resourceVersion = '' } = list.body.metadata;
  const seen: string[] = [];
  const done = (async () => {
    for await (const event of watch(
      `${configMaps}?watch=True&resourceVersion=${resourceVersion}&timeoutSeconds=1`,
    )) {
      seen.push(`${event.type} ${event.object.metadata.name} ${event.object.kind}`);
    }
  })();
  await send('POST', configMaps, { metadata: { name: 'watched' } });
  await send('DELETE', `${configMaps}/watched`);
  await done;
  expect(seen).toEqual(['ADDED watched ConfigMap', 'DELETED watched ConfigMap']);
});

test('a version that is not there any more is told in the stream', async () => {
  const events: WatchEvent[] = [];
  for await (const event of watch(`${configMaps}?watch=true&resourceVersion=99999999`)) events.push(event);
  expect(events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 504 } }]);
});

test('PartialObjectMetadata leaves out everything else', async () => {
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const { body } = await send('GET', configMaps, undefined, { accept });
  expect(body.kind).toBe('PartialObjectMetadataList');
  expect(Object.keys((body['items'] as object[])[0] ?? {}).sort()).toEqual([
    'apiVersion',
    'kind',
    'metadata',
  ]);
});

test('discovery in both forms', async () => {
  expect((await send('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  const list = await send('GET', '/apis/apps/v1');
  expect(list.body['resources']).toContainEqual(
    expect.objectContaining({ name: 'statefulsets/scale', kind: 'Scale' }),
  );
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  const all = await send('GET', '/apis', undefined, { accept });
  expect(all.headers['content-type']).toContain('as=APIGroupDiscoveryList');
  expect(all.body['items']).toContainEqual(
    expect.objectContaining({ metadata: expect.objectContaining({ name: 'apps' }) as object }),
  );
  expect((await send('GET', '/version')).body).toMatchObject({ major: '1', minor: '30' });
  expect((await send('GET', '/readyz')).text).toBe('ok');
});

test('tokens and reviews', async () => {
  const made = await send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} });
  expect(made.code).toBe(201);
  const issued = (made.body['status'] as { token: string }).token;
  const review = await send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    spec: { token: issued },
  });
  expect(review.body['status']).toMatchObject({
    authenticated: true,
    user: { username: 'system:serviceaccount:default:default' },
  });
  const access = await send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user: 'bob', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } },
  });
  expect(access.body['status']).toMatchObject({ allowed: false });
  const asBob = await send('GET', pods, undefined, { 'impersonate-user': 'bob' });
  expect(asBob).toMatchObject({ code: 403 });
});

test('nobody hands out rights that he has not', async () => {
  const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const rules = (resources: string[], verbs: string[], apiGroups = ['']) => ({ apiGroups, resources, verbs });
  await send('POST', `${roles}/roles`, {
    metadata: { name: 'maker' },
    rules: [rules(['roles'], ['create'], ['rbac.authorization.k8s.io']), rules(['pods'], ['get'])],
  });
  await send('POST', `${roles}/rolebindings`, {
    metadata: { name: 'maker' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'maker' },
    subjects: [{ kind: 'User', name: 'eve', apiGroup: 'rbac.authorization.k8s.io' }],
  });
  const asEve = { 'impersonate-user': 'eve' };
  const own = { metadata: { name: 'own' }, rules: [rules(['pods'], ['get'])] };
  expect((await send('POST', `${roles}/roles`, own, asEve)).code).toBe(201);
  const more = { metadata: { name: 'more' }, rules: [rules(['secrets'], ['get'])] };
  expect((await send('POST', `${roles}/roles`, more, asEve)).code).toBe(403);
});

test('logs stream, exec speaks over WebSocket and ends with the exit code', async () => {
  await send('POST', pods, {
    metadata: { name: 'p' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  });
  expect((await send('GET', `${pods}/p/log?follow=true`)).text).toBe('first\nsecond\n');
  expect((await send('GET', `${pods}/p/log?container=x`)).code).toBe(400);
  const url = `wss://127.0.0.1:${port}${pods}/p/exec?command=cat&stdin=true&stdout=true&stderr=true`;
  const socket = new WebSocket(url, 'v5.channel.k8s.io', { agent });
  const output: Record<number, string> = {};
  const closed = new Promise((resolve, reject) => {
    socket.on('close', resolve);
    socket.on('error', reject);
  });
  socket.on('message', (data: Buffer) => {
    output[data[0] ?? -1] = (output[data[0] ?? -1] ?? '') + data.subarray(1).toString('utf8');
  });
  socket.on('open', () => {
    socket.send(Buffer.from('\0hello'));
    socket.send(Buffer.from([255, 0]));
  });
  await closed;
  expect(output[1]).toBe('hello');
  expect(output[2]).toBe('complaint');
  expect(JSON.parse(output[3] ?? '{}')).toMatchObject({
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  });
});

test('output that waits to be sent when the command ends comes whole, and before the status', async () => {
  const query = 'exec?command=flood&stdout=true&stderr=true';
  const socket = new WebSocket(`wss://127.0.0.1:${port}${pods}/p/${query}`, 'v5.channel.k8s.io', { agent });
  const channels: number[] = [];
  const output: Record<number, number> = {};
  socket.on('message', (data: Buffer) => {
    const [channel = -1] = data;
    if (channels.at(-1) !== channel) channels.push(channel);
    output[channel] = (output[channel] ?? 0) + data.length - 1;
  });
  await new Promise((resolve, reject) => {
    socket.on('close', resolve);
    socket.on('error', reject);
  });
  expect(output).toMatchObject({ 1: flood.pieces * flood.size, 2: flood.pieces * flood.size });
  expect(channels.indexOf(3)).toBe(channels.length - 1);
});

test('attach speaks like exec; what needs another protocol says which', async () => {
  await send('POST', pods, {
    metadata: { name: 'p' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  });
  const open = (query: string, protocol: string): WebSocket =>
    new WebSocket(`wss://127.0.0.1:${port}${pods}/p/${query}`, protocol, { agent });
  const attached = open('attach?stdout=true', 'v4.channel.k8s.io');
  const messages: string[] = [];
  attached.on('message', (data: Buffer) => messages.push(`${data[0]} ${data.subarray(1).toString()}`));
  await new Promise((resolve, reject) => {
    attached.on('close', resolve);
    attached.on('error', reject);
  });
  expect(messages).toEqual(['1 what it said', expect.stringMatching(/^3 .*"Success"/)]);
  for (const [query, protocol, instead] of [
    ['exec?command=true&stdout=true', 'v1.channel.k8s.io', 'served are v5.channel.k8s.io, v4.channel.k8s.io'],
    ['portforward', 'v4.channel.k8s.io', 'served is SPDY/3.1+portforward.k8s.io'],
  ] as const) {
    const socket = open(query, protocol);
    const answer = await new Promise<string>((resolve, reject) => {
      socket.on('error', () => {});
      socket.on('open', () => reject(new Error('it was served')));
      socket.on('unexpected-response', (_request, response: IncomingMessage) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(`${response.statusCode} ${text}`));
      });
    });
    expect(answer).toMatch(/^400 /);
    expect(answer).toContain(instead);
  }
  for (const subresource of ['exec', 'attach', 'portforward'])
    expect((await send('GET', `${pods}/p/${subresource}`)).body).toMatchObject({
      code: 400,
      message: 'Upgrade request required',
    });
});

interface Recorded {
  method: string;
  path: string;
  body: KubeObject;
  code: number;
  contentType: string | null;
  /** resourceVersion of the answer then. */
  rv?: string;
}

test('everything that three Patronis wrote in a real cluster gets the answer it got', async () => {
  const file = new URL('test-data/patroni-requests.json', import.meta.url);
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded[];
  for (const name of ['demo-0', 'demo-1', 'demo-2']) {
    await send('POST', pods, {
      metadata: { name },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    });
  }
  /** Versions then → versions now. */
  const versions = new Map<string, string>();
  const wrong: string[] = [];
  for (const [index, entry] of recorded.entries()) {
    const asked = entry.body.metadata.resourceVersion;
    if (asked !== undefined) {
      // Versions of answers that were not recorded: the newest where the write went through, any other where not.
      const newest = entry.code === 200 ? (await send('GET', entry.path)).body.metadata.resourceVersion : '1';
      entry.body.metadata.resourceVersion = versions.get(asked) ?? newest ?? '1';
    }
    const headers: Record<string, string> = entry.contentType ? { 'content-type': entry.contentType } : {};
    const reply = await send(entry.method, entry.path, entry.body, headers);
    if (reply.code !== entry.code)
      wrong.push(
        `${index} ${entry.method} ${entry.path}: ${reply.code} instead of ${entry.code}: ${reply.text}`,
      );
    if (entry.rv !== undefined) versions.set(entry.rv, reply.body.metadata.resourceVersion ?? '');
  }
  expect(wrong).toEqual([]);
  expect(recorded.length).toBeGreaterThan(200);
});
