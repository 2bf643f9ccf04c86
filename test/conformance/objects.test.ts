import { expect, test } from 'vitest';
import { useLab, type Answer } from '../support/lab.ts';

// https://kubernetes.io/docs/reference/using-api/api-concepts/
const lab = useLab('objects');
const path = (...rest: string[]): string => lab.in('v1', 'configmaps', ...rest);
const make = (name: string, data: Record<string, string> = {}, metadata: object = {}): Promise<Answer> =>
  lab.request('POST', path(), {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data },
  });

test('create answers 201 and sets what the system sets (concepts/overview/working-with-objects)', async () => {
  const { code, body } = await make('made', { a: '1' });
  expect(code).toBe(201);
  expect(body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
  const { metadata } = body;
  expect(metadata.namespace).toBe(lab.namespace);
  expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(metadata.resourceVersion).toBeTruthy();
  expect(await lab.ok('GET', path('made'))).toEqual(body);
});

test('what the client says of uid, creationTimestamp and resourceVersion (concepts/overview/working-with-objects/names/#uids)', async () => {
  const { code, body } = await make(
    'system-fields',
    {},
    { uid: 'mine', creationTimestamp: '2001-01-01T00:00:00Z' },
  );
  expect(code).toBe(201);
  expect(body.metadata.uid).not.toBe('mine');
  expect(body.metadata.creationTimestamp).not.toBe('2001-01-01T00:00:00Z');
  const versioned = await make('versioned', {}, { resourceVersion: '1' });
  expect(versioned.code).toBe(400);
  expect(versioned.body.message).toContain('resourceVersion should not be set on objects to be created');
});

test('generateName appends a suffix (reference/using-api/api-concepts/#generated-values)', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'some-' } };
  const names = new Set<string>();
  for (let i = 0; i < 3; i += 1) names.add((await lab.ok('POST', path(), body)).metadata.name);
  expect(names.size).toBe(3);
  for (const name of names) expect(name).toMatch(/^some-[a-z0-9]{5}$/);
});

test('a name is taken once: 409 AlreadyExists (concepts/overview/working-with-objects/names)', async () => {
  await make('once');
  const { code, body } = await make('once');
  expect(code).toBe(409);
  expect(body).toMatchObject({
    kind: 'Status',
    status: 'Failure',
    reason: 'AlreadyExists',
    message: 'configmaps "once" already exists',
    details: { name: 'once', kind: 'configmaps' },
    code: 409,
  });
});

test('names are DNS subdomains: 422 names the field (concepts/overview/working-with-objects/names/#names)', async () => {
  for (const name of ['Upper', 'under_score', '-dash', 'a'.repeat(254)]) {
    const { code, body } = await make(name);
    expect(code, name).toBe(422);
    expect(body.reason).toBe('Invalid');
    expect(body.details.causes[0].field).toBe('metadata.name');
  }
});

test('label values have a syntax (concepts/overview/working-with-objects/labels/#syntax-and-character-set)', async () => {
  for (const labels of [{ a: 'has space' }, { a: 'x'.repeat(64) }, { 'no/two/slashes': 'x' }]) {
    const { code, body } = await make('labelled', {}, { labels });
    expect(code).toBe(422);
    expect(body.details.causes[0].field).toBe('metadata.labels');
  }
});

test('namespace of the body and of the URL must agree (reference/using-api/api-concepts)', async () => {
  const { code, body } = await make('elsewhere', {}, { namespace: 'default' });
  expect(code).toBe(400);
  expect(body.reason).toBe('BadRequest');
});

test('no such namespace: 404 (concepts/overview/working-with-objects/namespaces)', async () => {
  const { code, body } = await lab.request('POST', `/api/v1/namespaces/${lab.unique('none')}/configmaps`, {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
  });
  expect(code).toBe(404);
  expect(body.details.kind).toBe('namespaces');
});

test('not found says what (reference/using-api/api-concepts)', async () => {
  const { code, body } = await lab.request('GET', path('nobody'));
  expect(code).toBe(404);
  expect(body).toMatchObject({
    reason: 'NotFound',
    message: 'configmaps "nobody" not found',
    details: { name: 'nobody', kind: 'configmaps' },
  });
});

test('update with an old resourceVersion: 409 Conflict (reference/using-api/api-concepts/#resource-versions)', async () => {
  const first = (await make('updated', { a: '1' })).body;
  const second = await lab.ok('PUT', path('updated'), { ...first, data: { a: '2' } });
  expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
  expect(second.metadata.uid).toBe(first.metadata.uid);
  const { code, body } = await lab.request('PUT', path('updated'), { body: { ...first, data: { a: '3' } } });
  expect(code).toBe(409);
  expect(body.reason).toBe('Conflict');
  expect(body.message).toContain('the object has been modified');
  const { resourceVersion: _, ...unversioned } = first.metadata;
  const third = await lab.ok('PUT', path('updated'), { ...first, metadata: unversioned, data: { a: '4' } });
  expect(third.data).toEqual({ a: '4' });
});

test('an update that changes nothing keeps the resourceVersion (reference/using-api/api-concepts/#resource-versions)', async () => {
  const first = (await make('same', { a: '1' })).body;
  const second = await lab.ok('PUT', path('same'), first);
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
});

test('update of another uid, of another name (concepts/overview/working-with-objects/names/#uids)', async () => {
  const { body } = await make('identity');
  const other = { ...body, metadata: { ...body.metadata, uid: '00000000-0000-4000-8000-000000000000' } };
  expect((await lab.request('PUT', path('identity'), { body: other })).code).toBe(409);
  const renamed = { ...body, metadata: { ...body.metadata, name: 'renamed' } };
  expect((await lab.request('PUT', path('identity'), { body: renamed })).code).toBe(400);
});

test('update of what does not exist: 404 (reference/using-api/api-concepts)', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'absent' } };
  expect((await lab.request('PUT', path('absent'), { body })).code).toBe(404);
});

test('delete with preconditions (reference/kubernetes-api/common-definitions/delete-options)', async () => {
  const { body } = await make('guarded');
  const attempt = (preconditions: object): Promise<Answer> =>
    lab.request('DELETE', path('guarded'), {
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
    });
  expect((await attempt({ uid: '00000000-0000-4000-8000-000000000000' })).code).toBe(409);
  expect((await attempt({ resourceVersion: '1' })).code).toBe(409);
  const done = await attempt({ uid: body.metadata.uid, resourceVersion: body.metadata.resourceVersion });
  expect(done.code).toBe(200);
  expect(done.body).toMatchObject({ kind: 'Status', status: 'Success', details: { uid: body.metadata.uid } });
  expect((await lab.request('GET', path('guarded'))).code).toBe(404);
});

test('deletecollection takes what the selector selects (reference/using-api/api-concepts/#api-verbs)', async () => {
  for (const name of ['c1', 'c2']) await make(name, {}, { labels: { collection: 'yes' } });
  await make('c3', {}, { labels: { collection: 'no' } });
  await lab.ok('DELETE', `${path()}?labelSelector=collection%3Dyes`);
  const left = await lab.ok('GET', `${path()}?labelSelector=collection`);
  expect(left.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c3']);
});

test('dry run answers as always and stores nothing (reference/using-api/api-concepts/#dry-run)', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dry' }, data: { a: '1' } };
  const made = await lab.request('POST', `${path()}?dryRun=All`, { body });
  expect(made.code).toBe(201);
  expect(made.body.metadata.uid).toBeTruthy();
  expect((await lab.request('GET', path('dry'))).code).toBe(404);
  const real = await lab.ok('POST', path(), body);
  const changed = await lab.ok('PUT', `${path('dry')}?dryRun=All`, { ...real, data: { a: '2' } });
  expect(changed.data).toEqual({ a: '2' });
  expect(await lab.ok('GET', path('dry'))).toEqual(real);
  await lab.ok('DELETE', `${path('dry')}?dryRun=All`);
  expect(await lab.ok('GET', path('dry'))).toEqual(real);
  expect((await lab.request('POST', `${path()}?dryRun=Some`, { body })).code).toBe(422);
});

test('immutable config maps (concepts/configuration/configmap/#configmap-immutable)', async () => {
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'fixed' },
    immutable: true,
    data: { a: '1' },
  };
  const real = await lab.ok('POST', path(), body);
  expect((await lab.request('PUT', path('fixed'), { body: { ...real, data: { a: '2' } } })).code).toBe(422);
  expect((await lab.request('PUT', path('fixed'), { body: { ...real, immutable: false } })).code).toBe(422);
});

test('secrets: stringData becomes data, the type stays (concepts/configuration/secret/#restriction-names-data)', async () => {
  const secret = (...rest: string[]): string => lab.in('v1', 'secrets', ...rest);
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { a: 'YQ==' },
    stringData: { b: 'b' },
  };
  const real = await lab.ok('POST', secret(), body);
  expect(real).toMatchObject({ type: 'Opaque', data: { a: 'YQ==', b: 'Yg==' } });
  expect(real.stringData).toBeUndefined();
  expect((await lab.request('PUT', secret('s'), { body: { ...real, type: 'other' } })).code).toBe(422);
  const wrong = { ...body, metadata: { name: 'w' }, data: { a: 'not base64!' } };
  expect((await lab.request('POST', secret(), { body: wrong })).code).toBe(400);
});

test('malformed bodies are refused, never stored (reference/using-api/api-concepts)', async () => {
  for (const [type, body, code] of [
    ['application/json', '{"apiVersion":', 400],
    ['application/json', '[]', 400],
    ['application/json', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}', 400],
    ['text/plain', 'hello', 415],
  ] as const) {
    expect((await lab.request('POST', path(), { body, type })).code, body).toBe(code);
  }
});

test('YAML is understood too (reference/using-api/api-concepts/#alternate-representations-of-resources)', async () => {
  const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  a: "1"\n';
  const { code } = await lab.request('POST', path(), { body, type: 'application/yaml' });
  expect(code).toBe(201);
  expect((await lab.ok('GET', path('from-yaml'))).data).toEqual({ a: '1' });
});

test('a representation that cannot be had: 406 (reference/using-api/api-concepts/#alternate-representations-of-resources)', async () => {
  const { code } = await lab.request('GET', path(), { headers: { accept: 'application/made-up' } });
  expect(code).toBe(406);
});
