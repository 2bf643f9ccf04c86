import { expect, test } from 'vitest';
import { patchTypes, useLab, type Answer, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/reference/using-api/server-side-apply/
const lab = useLab('server-side-apply');
const path = (name: string): string => lab.in('v1', 'configmaps', name);
const apply = (
  name: string,
  manager: string,
  body: object,
  { force = false }: { force?: boolean } = {},
): Promise<Answer> =>
  lab.request('PATCH', `${path(name)}?fieldManager=${manager}${force ? '&force=true' : ''}`, {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...body },
    type: patchTypes.apply,
  });
const managers = (object: Loose): string[] =>
  (object.metadata.managedFields ?? [])
    .map(({ manager, operation }: Loose) => `${manager} ${operation}`)
    .sort();
const fieldsOf = (object: Loose, manager: string): Loose =>
  object.metadata.managedFields.find((entry: Loose) => entry.manager === manager)?.fieldsV1;

test('creates: 201, then 200, with the fields recorded (server-side-apply/#field-management)', async () => {
  const first = await apply('made', 'one', { data: { a: '1' } });
  expect(first.code).toBe(201);
  expect(managers(first.body)).toEqual(['one Apply']);
  const entry = first.body.metadata.managedFields[0];
  expect(entry).toMatchObject({ apiVersion: 'v1', fieldsType: 'FieldsV1' });
  expect(entry.fieldsV1).toEqual({ 'f:data': { 'f:a': {} } });
  expect(entry.time).toMatch(/Z$/);
  expect((await apply('made', 'one', { data: { a: '2' } })).code).toBe(200);
});

test('the field manager is required (server-side-apply/#managers)', async () => {
  const { code, body } = await lab.request('PATCH', path('unnamed'), {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'unnamed' } },
    type: patchTypes.apply,
  });
  expect([400, 422]).toContain(code);
  expect(body.message).toContain('fieldManager');
});

test('what one manager leaves out is removed; what others own stays (server-side-apply/#clearing-managedfields, #merge-strategy)', async () => {
  await apply('removal', 'one', { data: { a: '1', b: '2' } });
  await apply('removal', 'two', { data: { c: '3' } });
  const { body } = await apply('removal', 'one', { data: { a: '1' } });
  expect(body.data).toEqual({ a: '1', c: '3' });
});

test('a field of two managers stays until both let go (server-side-apply/#field-management)', async () => {
  await apply('shared', 'one', { data: { a: '1' } });
  const both = await apply('shared', 'two', { data: { a: '1' } });
  expect(managers(both.body)).toEqual(['one Apply', 'two Apply']);
  expect((await apply('shared', 'one', {})).body.data).toEqual({ a: '1' });
  expect((await apply('shared', 'two', {})).body.data ?? {}).toEqual({});
});

test('another value is a conflict that names manager and field (server-side-apply/#conflicts)', async () => {
  await apply('conflict', 'one', { data: { a: '1' } });
  const { code, body } = await apply('conflict', 'two', { data: { a: '2', b: '3' } });
  expect(code).toBe(409);
  expect(body.reason).toBe('Conflict');
  expect(body.message).toContain('conflict with "one"');
  expect(body.details.causes).toEqual([
    { reason: 'FieldManagerConflict', message: expect.stringContaining('one'), field: '.data.a' },
  ]);
  expect((await lab.ok('GET', path('conflict'))).data).toEqual({ a: '1' });
});

test('force takes the field over (server-side-apply/#conflicts)', async () => {
  await apply('force', 'one', { data: { a: '1' } });
  const { body } = await apply('force', 'two', { data: { a: '2' } }, { force: true });
  expect(body.data).toEqual({ a: '2' });
  expect(fieldsOf(body, 'two')).toEqual({ 'f:data': { 'f:a': {} } });
  expect(fieldsOf(body, 'one')?.['f:data']?.['f:a']).toBeUndefined();
});

test('the same again changes nothing, the resourceVersion neither (server-side-apply)', async () => {
  const first = await apply('again', 'one', { data: { a: '1' } });
  const second = await apply('again', 'one', { data: { a: '1' } });
  expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
  expect(second.body.metadata.managedFields).toEqual(first.body.metadata.managedFields);
});

test('other writers are managers too: Update entries, and conflicts with them (server-side-apply/#comparison-with-client-side-apply)', async () => {
  await lab.ok('POST', `${lab.in('v1', 'configmaps')}?fieldManager=creator`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'updates' },
    data: { a: '1', b: '1' },
  });
  await lab.ok('PATCH', `${path('updates')}?fieldManager=patcher`, { data: { b: '2' } }, patchTypes.merge);
  const object = await lab.ok('GET', path('updates'));
  expect(managers(object)).toEqual(['creator Update', 'patcher Update']);
  expect(fieldsOf(object, 'creator')['f:data']).toEqual({ '.': {}, 'f:a': {} });
  expect(fieldsOf(object, 'patcher')).toEqual({ 'f:data': { 'f:b': {} } });
  const { code, body } = await apply('updates', 'applier', { data: { b: '3' } });
  expect(code).toBe(409);
  expect(body.message).toContain('patcher');
});

test('an update of an applied field moves it to the updater (server-side-apply/#transferring-ownership)', async () => {
  await apply('moved', 'one', { data: { a: '1', b: '1' } });
  await lab.ok('PATCH', `${path('moved')}?fieldManager=other`, { data: { a: '2' } }, patchTypes.merge);
  const object = await lab.ok('GET', path('moved'));
  expect(fieldsOf(object, 'one')).toEqual({ 'f:data': { 'f:b': {} } });
  expect(fieldsOf(object, 'other')).toEqual({ 'f:data': { 'f:a': {} } });
});

test('lists with keys merge by element, sets by value, atomic ones as a whole (server-side-apply/#merge-strategy)', async () => {
  const service = (manager: string, spec: object, metadata: object = {}): Promise<Answer> =>
    lab.request('PATCH', `${lab.in('v1', 'services', 'lists')}?fieldManager=${manager}`, {
      body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'lists', ...metadata }, spec },
      type: patchTypes.apply,
    });
  const port = (name: string, number: number): object => ({ name, port: number, protocol: 'TCP' });
  await service('one', { ports: [port('a', 1)] }, { finalizers: ['example.com/one'] });
  const { body } = await service('two', { ports: [port('b', 2)] }, { finalizers: ['example.com/two'] });
  expect(body.spec.ports.map(({ name }: Loose) => name)).toEqual(['a', 'b']);
  expect(body.metadata.finalizers).toEqual(['example.com/one', 'example.com/two']);
  expect(fieldsOf(body, 'two')['f:spec']['f:ports']).toHaveProperty([
    'k:{"port":2,"protocol":"TCP"}',
    'f:name',
  ]);
  const fewer = await service('one', { ports: [] });
  expect(fewer.body.spec.ports.map(({ name }: Loose) => name)).toEqual(['b']);
  expect(fewer.body.metadata.finalizers).toEqual(['example.com/two']);
  await lab.ok(
    'PATCH',
    lab.in('v1', 'services', 'lists'),
    { metadata: { finalizers: null } },
    patchTypes.merge,
  );
});

test('YAML bodies; managedFields in the body are refused (server-side-apply/#api-create-and-update)', async () => {
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n';
  const made = await lab.request('PATCH', `${path('yaml')}?fieldManager=one`, {
    body: yaml,
    type: patchTypes.apply,
  });
  expect(made.code).toBe(201);
  const fields = made.body.metadata.managedFields;
  const { code } = await apply('yaml', 'one', { metadata: { name: 'yaml', managedFields: fields } });
  expect([400, 422]).toContain(code);
});

test('dry run shows a conflict and changes nothing (server-side-apply, api-concepts/#dry-run)', async () => {
  const first = await apply('dry', 'one', { data: { a: '1' } });
  const { body } = await lab.request('PATCH', `${path('dry')}?fieldManager=one&dryRun=All`, {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dry' }, data: { a: '2' } },
    type: patchTypes.apply,
  });
  expect(body.data).toEqual({ a: '2' });
  expect(await lab.ok('GET', path('dry'))).toEqual(first.body);
});

test('managedFields can be cleared (server-side-apply/#clearing-managedfields)', async () => {
  await apply('cleared', 'one', { data: { a: '1' } });
  const { body } = await lab.request('PATCH', path('cleared'), {
    body: { metadata: { managedFields: [{}] } },
    type: patchTypes.merge,
  });
  expect(body.metadata.managedFields ?? []).toEqual([]);
});
