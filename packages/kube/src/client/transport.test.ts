import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { pods } from '../objects/index.ts';
import { createClient } from './connect.ts';
import { tokenFileCredentials } from './credentials.ts';
import { KubeconfigError, TransportError } from './errors.ts';
import { retryAfterMs } from './retry.ts';
import { ScriptedServer } from './testing/scripted-server.ts';

const key = { namespace: 'herd', name: 'a' };
const pod = { metadata: key };

test('one connection serves requests one after another', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, pod));
  const client = server.client();
  for (let i = 0; i < 5; i++) await client.get(pods, key);
  expect(server.connections).toBe(1);
});

test('a GET on a kept connection that breaks before the answer is sent once more, a POST is not', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, pod));
  const client = server.client();
  await client.get(pods, key);
  let resets = 0;
  server.script = (exchange) => (resets++ === 0 ? exchange.reset() : exchange.json(200, pod));
  await client.get(pods, key);
  expect(server.requests).toHaveLength(3);

  resets = 0;
  server.script = (exchange) => exchange.json(200, pod);
  await client.get(pods, key);
  server.script = (exchange) => (resets++ === 0 ? exchange.reset() : exchange.json(200, pod));
  await expect(client.create(pods, pod)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(server.requests).toHaveLength(5);
});

test('a GET that breaks off on a new connection is a failure that says where and what to do', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.reset());
  const error: unknown = await server
    .client()
    .get(pods, key)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransportError);
  expect(String(error)).toContain(server.connection.server.origin);
  expect(String(error)).toContain('the server may be restarting');
  expect(server.requests).toHaveLength(1);
});

test('a refused connection names the address and what to do', async () => {
  await using server = await ScriptedServer.start(() => {});
  await server.stop();
  await expect(server.client().get(pods, key)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    message: expect.stringMatching(/https:\/\/127\.0\.0\.1:\d+.*Nothing listens there/s) as string,
  });
});

test('a server that does not answer in time is given up', async () => {
  await using server = await ScriptedServer.start(() => {});
  await expect(server.client({ requestTimeoutMs: 50 }).get(pods, key)).rejects.toMatchObject({
    code: 'ETIMEDOUT',
  });
});

test('a body that stalls is given up too', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.write('{"metadata":'));
  await expect(server.client({ requestTimeoutMs: 100 }).get(pods, key)).rejects.toMatchObject({
    code: 'ETIMEDOUT',
  });
});

test('a server whose certificate is of an unknown authority is not believed, unless told so', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, pod));
  const { ca: _, ...unknown } = server.connection;
  await expect(createClient(unknown).get(pods, key)).rejects.toThrow(
    'certificate authority of the kubeconfig',
  );
  expect(server.requests).toHaveLength(0);
  await createClient({ ...unknown, insecureSkipTlsVerify: true }).get(pods, key);
  expect(server.requests).toHaveLength(1);
});

test('tls-server-name is the name that the certificate must have', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, pod));
  await createClient({ ...server.connection, tlsServerName: 'kubernetes.test' }).get(pods, key);
  const wrong = createClient({ ...server.connection, tlsServerName: 'other.test' });
  await expect(wrong.get(pods, key)).rejects.toThrow('tls-server-name');
});

test('a certificate that is none is an error of the kubeconfig', async () => {
  await using server = await ScriptedServer.start(() => {});
  const credentials = { get: async () => ({ headers: {}, cert: 'x', key: 'y' }) };
  await expect(createClient({ ...server.connection, credentials }).get(pods, key)).rejects.toBeInstanceOf(
    KubeconfigError,
  );
});

test('429 with Retry-After is tried again, also for writes', async () => {
  let refusals = 2;
  await using server = await ScriptedServer.start((exchange) => {
    if (refusals-- > 0) exchange.status(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' });
    else exchange.json(201, pod);
  });
  await server.client().create(pods, pod);
  expect(server.requests).toHaveLength(3);
  expect(new Set(server.requests.map(({ body }) => body)).size).toBe(1);
});

test('a server that always says Retry-After is believed a few times only', async () => {
  await using server = await ScriptedServer.start((exchange) =>
    exchange.status(503, 'ServiceUnavailable', 'starting', { 'retry-after': '0' }),
  );
  await expect(server.client().get(pods, key)).rejects.toMatchObject({ code: 503 });
  expect(server.requests).toHaveLength(6);
});

test('Retry-After: seconds, dates, nonsense, too much', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  expect(retryAfterMs('3', now)).toBe(3000);
  expect(retryAfterMs('Tue, 01 Jan 2030 00:00:02 GMT', now)).toBe(2000);
  expect(retryAfterMs('Tue, 01 Jan 2019 00:00:02 GMT', now)).toBe(0);
  expect(retryAfterMs('soon', now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
  expect(retryAfterMs('86400', now)).toBe(30_000);
});

test('a token file is read again when the server refuses the old token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pgherd-token-'));
  try {
    const file = join(folder, 'token');
    await writeFile(file, 'old\n');
    await using server = await ScriptedServer.start((exchange) => {
      if (exchange.received.headers.authorization === 'Bearer new') exchange.json(200, pod);
      else exchange.status(401, 'Unauthorized');
    });
    const client = createClient({ ...server.connection, credentials: tokenFileCredentials(file) });
    await expect(client.get(pods, key)).rejects.toMatchObject({ code: 401 });
    await writeFile(file, 'new\n');
    await client.get(pods, key);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer new');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a watch abandoned by its reader is closed', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.event('ADDED', pod));
  for await (const event of server.client().watch(pods)) {
    expect(event.type).toBe('ADDED');
    break;
  }
  await vi.waitFor(() => expect(server.connections).toBe(0));
});

test('a watch that is refused throws what the server said; one that sends rubbish says so', async () => {
  await using server = await ScriptedServer.start((exchange) =>
    exchange.status(403, 'Forbidden', 'no watch for you'),
  );
  const next = (): Promise<unknown> => server.client().watch(pods)[Symbol.asyncIterator]().next();
  await expect(next()).rejects.toMatchObject({ code: 403, message: 'no watch for you' });
  server.script = (exchange) => exchange.write('<html>\n');
  await expect(next()).rejects.toThrow('sent no watch event: <html>');
  server.script = (exchange) => {
    exchange.open();
    setImmediate(() => exchange.reset());
  };
  await expect(next()).rejects.toBeInstanceOf(TransportError);
});
