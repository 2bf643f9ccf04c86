import { expect, test, vi } from 'vitest';
import { ApiError, configMaps, namespaces, pods } from '../objects/index.ts';
import type { ConfigMap } from '../objects/index.ts';
import type { RequestInfo } from './client.ts';
import { isConflict, isNotFound, TransportError } from './errors.ts';
import { ScriptedServer } from './testing/scripted-server.ts';
import type { Script } from './testing/scripted-server.ts';

const nothing: Script = () => {};
const settings = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { namespace: 'herd', name },
  data,
});

test('reads one object with the client certificate over TLS', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, settings('a')));
  const found = await server.client().get(configMaps, { namespace: 'herd', name: 'a' });
  expect(found.metadata.name).toBe('a');
  expect(server.requests[0]).toMatchObject({ method: 'GET', user: 'tester' });
  expect(server.requests[0]?.url.pathname).toBe('/api/v1/namespaces/herd/configmaps/a');
});

test('a name or namespace that is missing is said before anything is sent', async () => {
  await using server = await ScriptedServer.start(nothing);
  const client = server.client();
  await expect(client.get(configMaps, { name: 'a' })).rejects.toThrow(
    "configmaps a: the object's namespace is missing",
  );
  await expect(client.get(namespaces, { name: '' })).rejects.toThrow(
    "namespaces: the object's name is missing",
  );
  await expect(client.create(configMaps, { metadata: { name: 'a' } })).rejects.toThrow(
    'metadata.namespace is missing',
  );
  expect(server.requests).toEqual([]);
});

test('lists page by page and completes the items', async () => {
  await using server = await ScriptedServer.start((exchange) => {
    const second = exchange.query('continue') === 'more';
    const metadata = { resourceVersion: '7', ...(second ? {} : { continue: 'more' }) };
    exchange.json(200, { kind: 'ConfigMapList', metadata, items: [settings(second ? 'b' : 'a')] });
  });
  const list = await server.client().list(configMaps, { labelSelector: 'a in (b, c)', pageSize: 1 });
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(list.metadata.resourceVersion).toBe('7');
  expect(server.requests.map(({ url }) => url.pathname)).toEqual([
    '/api/v1/configmaps',
    '/api/v1/configmaps',
  ]);
  expect(server.requests[1]?.url.searchParams.get('labelSelector')).toBe('a in (b, c)');
  expect(server.requests[1]?.url.searchParams.get('limit')).toBe('1');
});

test('a continue token that expired leads to one list without limit', async () => {
  await using server = await ScriptedServer.start((exchange) => {
    if (exchange.query('continue') !== null) exchange.status(410, 'Expired');
    else if (exchange.query('limit') !== null) {
      exchange.json(200, { metadata: { continue: 'old' }, items: [settings('stale')] });
    } else exchange.json(200, { metadata: { resourceVersion: '9' }, items: [settings('a')] });
  });
  const list = await server.client().list(configMaps);
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a']);
});

test('writes carry the field manager, the right method and content type', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, settings('a')));
  const client = server.client();
  const object = settings('a', { x: '1' });
  const key = { namespace: 'herd', name: 'a' };
  await client.create(configMaps, object, { dryRun: true });
  await client.update(configMaps, object, { fieldManager: 'somebody' });
  await client.patch(configMaps, key, { type: 'json', operations: [{ op: 'remove', path: '/data/x' }] });
  await client.patch(configMaps, key, { type: 'merge', body: { data: null } });
  await client.patchStatus(pods, key, { type: 'strategic', body: { status: {} } });
  const managed = { ...object, metadata: { ...object.metadata, managedFields: [{ manager: 'x' }] } };
  await client.apply(configMaps, managed, { force: true });
  await client.updateStatus(pods, { metadata: key });
  await client.applyStatus(pods, { metadata: key });
  const seen = server.requests.map(({ method, url, headers }) => [
    `${method} ${url.pathname}${url.search}`,
    headers['content-type'],
  ]);
  const path = '/api/v1/namespaces/herd/configmaps';
  expect(seen).toEqual([
    [`POST ${path}?fieldManager=pgherd&dryRun=All`, 'application/json'],
    [`PUT ${path}/a?fieldManager=somebody`, 'application/json'],
    [`PATCH ${path}/a?fieldManager=pgherd`, 'application/json-patch+json'],
    [`PATCH ${path}/a?fieldManager=pgherd`, 'application/merge-patch+json'],
    [
      'PATCH /api/v1/namespaces/herd/pods/a/status?fieldManager=pgherd',
      'application/strategic-merge-patch+json',
    ],
    [`PATCH ${path}/a?fieldManager=pgherd&force=true`, 'application/apply-patch+yaml'],
    ['PUT /api/v1/namespaces/herd/pods/a/status?fieldManager=pgherd', 'application/json'],
    ['PATCH /api/v1/namespaces/herd/pods/a/status?fieldManager=pgherd', 'application/apply-patch+yaml'],
  ]);
  expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    data: { x: '1' },
  });
  expect(JSON.parse(server.requests[5]?.body ?? '').metadata).toEqual({ namespace: 'herd', name: 'a' });
});

test('deletes with preconditions, propagation and grace; gone already is fine if asked so', async () => {
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, {}));
  const client = server.client();
  const key = { namespace: 'herd', name: 'a' };
  await client.delete(pods, key, {
    gracePeriodSeconds: 0,
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'u', resourceVersion: '3' },
  });
  await client.deleteCollection(pods, { namespace: 'herd', labelSelector: 'a=b' });
  expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'u', resourceVersion: '3' },
  });
  expect(server.requests[1]?.url.href).toContain('/api/v1/namespaces/herd/pods?labelSelector=a%3Db');
  server.script = (exchange) => exchange.status(404, 'NotFound', 'pods "a" not found');
  await client.delete(pods, key, { ignoreNotFound: true });
  await expect(client.delete(pods, key)).rejects.toSatisfy(isNotFound);
  await expect(client.find(pods, key)).resolves.toBeUndefined();
});

test('a Status becomes an ApiError with all it says; other answers say what was asked', async () => {
  await using server = await ScriptedServer.start((exchange) =>
    exchange.status(409, 'Conflict', 'object was modified'),
  );
  const client = server.client();
  const key = { namespace: 'herd', name: 'a' };
  const error: unknown = await client.get(pods, key).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 409, reason: 'Conflict', message: 'object was modified' });
  expect(isConflict(error)).toBe(true);
  server.script = (exchange) => exchange.text(502, '<html>bad gateway</html>');
  await expect(client.get(pods, key)).rejects.toMatchObject({
    code: 502,
    message: 'GET /api/v1/namespaces/herd/pods/a: the server answered 502: <html>bad gateway</html>',
  });
  server.script = (exchange) => exchange.text(200, 'surprise');
  await expect(client.get(pods, key)).rejects.toThrow('no JSON');
});

test('requests are counted with verb, resource and code, also when no answer comes', async () => {
  const seen: RequestInfo[] = [];
  await using server = await ScriptedServer.start((exchange) => exchange.json(200, settings('a')));
  const client = server.client({
    onRequest: (info) => {
      seen.push(info);
      throw new Error('a broken counter harms nobody');
    },
  });
  const key = { namespace: 'herd', name: 'a' };
  await client.get(pods, key);
  await client.patchStatus(pods, key, { type: 'merge', body: {} });
  await server.stop();
  await expect(client.get(pods, key)).rejects.toBeInstanceOf(TransportError);
  expect(seen.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`)).toEqual([
    'get pods 200',
    'patch pods/status 200',
    'get pods 0',
  ]);
});

test('canI asks a SelfSubjectAccessReview, createToken a TokenRequest', async () => {
  await using server = await ScriptedServer.start((exchange) => {
    if (exchange.received.url.pathname.endsWith('/token')) {
      exchange.json(201, { status: { token: 't', expirationTimestamp: '2030-01-01T00:00:00Z' } });
    } else exchange.json(201, { status: { allowed: false, reason: 'no role' } });
  });
  const client = server.client();
  await expect(client.canI({ verb: 'create', resource: 'pods', namespace: 'herd' })).resolves.toEqual({
    allowed: false,
    reason: 'no role',
  });
  expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'create', resource: 'pods', namespace: 'herd' } },
  });
  const token = await client.createToken({ namespace: 'herd', name: 'default' }, { expirationSeconds: 600 });
  expect(token.token).toBe('t');
  expect(server.requests[1]?.url.pathname).toBe('/api/v1/namespaces/herd/serviceaccounts/default/token');
});

test('logs are a stream; a refusal is an ApiError', async () => {
  await using server = await ScriptedServer.start((exchange) => {
    exchange.write('first\n');
    exchange.write('second\n');
    exchange.end();
  });
  const client = server.client();
  const stream = await client.logs(
    { namespace: 'herd', name: 'a' },
    { container: 'postgres', tailLines: 5, follow: true },
  );
  const text = (await stream.setEncoding('utf8').toArray()).join('');
  expect(text).toBe('first\nsecond\n');
  expect(server.requests[0]?.url.search).toBe('?container=postgres&tailLines=5&follow=true');
  server.script = (exchange) => exchange.status(400, 'BadRequest', 'container is waiting to start');
  await expect(client.logs({ namespace: 'herd', name: 'a' })).rejects.toMatchObject({ code: 400 });
});

test('an aborted call rejects with the reason of the signal', async () => {
  await using server = await ScriptedServer.start(() => {});
  const stop = new AbortController();
  const call = server.client().get(pods, { namespace: 'herd', name: 'a' }, { signal: stop.signal });
  await vi.waitFor(() => expect(server.requests).toHaveLength(1));
  stop.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});
