import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from '../objects/object.ts';
import { builtinSchema } from '../schema/builtin.ts';
import type { Schema } from '../schema/schema.ts';
import { fromFieldsV1, toFieldsV1 } from './field-set.ts';
import { semanticEqual } from './semantic-equal.ts';
import { serverSideApply } from './server-side-apply.ts';
import { trackUpdate } from './track-update.ts';

const [t1, t2] = ['2024-01-01T00:00:00Z', '2024-01-01T00:00:01Z'];
const configMap = builtinSchema({ group: '', version: 'v1', kind: 'ConfigMap' }) as Schema;
const podSchema = builtinSchema({ group: '', version: 'v1', kind: 'Pod' }) as Schema;

const config = (data: Record<string, string>, labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'test-cm', ...(labels ? { labels } : {}) },
  data,
});
const apply = (
  live: KubeObject | undefined,
  c: KubeObject,
  manager: string,
  force = false,
  time = t1,
): KubeObject => serverSideApply({ schema: configMap, live, config: c, manager, force, time });

test('an applied object records exactly what was applied (documentation of server-side apply)', () => {
  const object = apply(undefined, config({ key: 'some value' }, { 'test-label': 'test' }), 'kubectl');
  expect(object.metadata.managedFields).toEqual([
    {
      manager: 'kubectl',
      operation: 'Apply',
      apiVersion: 'v1',
      time: t1,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:key': {} }, 'f:metadata': { 'f:labels': { 'f:test-label': {} } } },
    },
  ]);
});

test('an update takes the field over; applying another value then conflicts, force takes it back', () => {
  const live = apply(undefined, config({ key: 'some value' }), 'kubectl');
  const after: KubeObject = { ...live, data: { key: 'new value' } };
  after.metadata = {
    ...live.metadata,
    managedFields: trackUpdate({ schema: configMap, before: live, after, manager: 'kcm', time: t2 }),
  };
  expect(after.metadata.managedFields).toMatchObject([
    { manager: 'kcm', operation: 'Update', time: t2, fieldsV1: { 'f:data': { 'f:key': {} } } },
  ]);
  expect(() => apply(after, config({ key: 'some value' }), 'kubectl')).toThrow(
    expect.objectContaining({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "kcm" using v1: .data.key',
      status: expect.objectContaining({
        details: {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "kcm" using v1', field: '.data.key' },
          ],
        },
      }),
    }),
  );
  const forced = apply(after, config({ key: 'some value' }), 'kubectl', true, t2);
  expect(forced['data']).toEqual({ key: 'some value' });
  expect(forced.metadata.managedFields?.map((e) => e.manager)).toEqual(['kubectl']);
});

test('the same value is shared; a field goes when its last manager gives it up', () => {
  let live = apply(undefined, config({ a: '1', b: '2' }), 'one');
  live = apply(live, config({ a: '1' }), 'two');
  expect(live.metadata.managedFields).toHaveLength(2);
  live = apply(live, config({}), 'one');
  expect(live['data']).toEqual({ a: '1' });
  expect(() => apply(live, config({ a: '9' }), 'three')).toThrow('1 conflict: conflict with "two": .data.a');
  live = apply(live, { ...config({}), data: undefined }, 'two');
  live = JSON.parse(JSON.stringify(live)) as KubeObject;
  expect(live).not.toHaveProperty('data.a');
});

test('several conflicts are listed by manager', () => {
  let live = apply(undefined, config({ a: '1', b: '1' }), 'one');
  live = apply(live, config({ c: '1' }), 'two');
  expect(() => apply(live, config({ a: '2', b: '2', c: '2' }), 'x')).toThrow(
    'Apply failed with 3 conflicts: conflicts with "one":\n- .data.a\n- .data.b\nconflicts with "two":\n- .data.c',
  );
});

const pod = (spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec,
});

test('items of a list of type map merge by keys, with their default, and go with their manager', () => {
  const run = (live: KubeObject | undefined, spec: Record<string, unknown>, manager: string): KubeObject =>
    serverSideApply({ schema: podSchema, live, config: pod(spec), manager, time: t1 });
  let live = run(
    undefined,
    { containers: [{ name: 'a', image: 'a', ports: [{ containerPort: 80 }] }] },
    'one',
  );
  expect(live.metadata.managedFields?.[0]?.fieldsV1).toEqual({
    'f:spec': {
      'f:containers': {
        'k:{"name":"a"}': {
          '.': {},
          'f:image': {},
          'f:name': {},
          'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
        },
      },
    },
  });
  live = run(
    live,
    {
      containers: [
        { name: 'b', image: 'b' },
        { name: 'a', env: [{ name: 'X', value: '1' }] },
      ],
    },
    'two',
  );
  expect((live['spec'] as { containers: { name: string }[] }).containers).toEqual([
    { name: 'b', image: 'b' },
    { name: 'a', image: 'a', ports: [{ containerPort: 80 }], env: [{ name: 'X', value: '1' }] },
  ]);
  live = run(live, { containers: [{ name: 'a', image: 'a' }] }, 'two');
  expect((live['spec'] as { containers: unknown }).containers).toEqual([
    { name: 'a', image: 'a', ports: [{ containerPort: 80 }] },
  ]);
  expect(() => run(live, { containers: [{ image: 'x' }] }, 'two')).toThrow('spec.containers: the keys name');
});

test('deduced schema: lists are one field', () => {
  const live = serverSideApply({ config: pod({ list: [1], deep: { a: 1 } }), manager: 'm', time: t1 });
  expect(live.metadata.managedFields?.[0]?.fieldsV1).toEqual({
    'f:spec': { '.': {}, 'f:deep': { '.': {}, 'f:a': {} }, 'f:list': {} },
  });
});

test('status is owned through its subresource only', () => {
  const before: KubeObject = { ...pod({}), status: { phase: 'Pending' } };
  before.metadata = {
    ...before.metadata,
    managedFields: trackUpdate({
      schema: podSchema,
      after: before,
      manager: 'm',
      time: t1,
      ignore: [['status']],
    }),
  };
  const after: KubeObject = { ...before, status: { phase: 'Running' } };
  const entries = trackUpdate({
    schema: podSchema,
    before,
    after,
    manager: 'm',
    time: t2,
    subresource: 'status',
    ignore: [['spec']],
  });
  expect(entries.map((e) => [e.manager, e.subresource, e.fieldsV1])).toEqual([
    ['m', undefined, { 'f:spec': {} }],
    ['m', 'status', { 'f:status': { 'f:phase': {} } }],
  ]);
});

test('an object without managers belongs to a manager of before', () => {
  expect(() => apply(config({ a: '1' }), config({ a: '2' }), 'm')).toThrow(
    '"before-first-apply" using v1: .data.a',
  );
});

const data = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { maxKeys: 3 });

test('laws: apply is idempotent, wins with force, and gives back exactly what was applied alone', () => {
  fc.assert(
    fc.property(data, data, data, (a, b, c) => {
      const one = apply(undefined, config(a), 'one');
      const two = apply(one, config(b), 'two', true);
      const three = apply(two, config(c), 'one', true);
      expect(three['data']).toMatchObject(c);
      const again = apply(three, config(c), 'one', true, t2);
      expect(semanticEqual(again, three)).toBe(true);
      expect(again.metadata.managedFields).toEqual(three.metadata.managedFields);
      const left = apply(three, { ...config({}) }, 'two', true);
      expect(left['data']).toEqual(c);
    }),
  );
});

test('FieldsV1 is read and written without loss', () => {
  const fields = { 'f:spec': { '.': {}, 'k:{"name":"a"}': { '.': {}, 'f:x': {} }, 'v:"s"': {} } };
  expect(toFieldsV1(fromFieldsV1(fields))).toEqual(fields);
});

test.each([
  [['a'], ['b'], ['a', 'b']],
  [
    ['a', 'b'],
    ['b', 'a'],
    ['b', 'a'],
  ],
  [
    ['c', 'a'],
    ['b', 'a'],
    ['c', 'b', 'a'],
  ],
  [
    ['a', 'b', 'x'],
    ['b', 'a'],
    ['b', 'x', 'a'],
  ],
  [
    ['x', 'a', 'y', 'b', 'z'],
    ['a', 'n', 'b'],
    ['x', 'a', 'y', 'n', 'b', 'z'],
  ],
])('order of a list: %j and applied %j is %j (structured-merge-diff)', (before, applied, after) => {
  const object = (finalizers: string[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'test-cm', finalizers },
  });
  const merged = apply(apply(undefined, object(before), 'one'), object(applied), 'two');
  expect(merged.metadata.finalizers).toEqual(after);
});
