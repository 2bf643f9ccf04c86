import { expect, test } from 'vitest';
import { builtinSchema } from '../schema/builtin.ts';
import type { Schema } from '../schema/schema.ts';
import { strategicMergePatch } from './strategic-merge.ts';

const schemaOf = (group: string, kind: string): Schema => {
  const schema = builtinSchema({ group, version: 'v1', kind });
  if (!schema) throw new Error(kind);
  return schema;
};
const deployment = schemaOf('apps', 'Deployment');
const live = {
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [{ name: 'patch-demo-ctr', image: 'nginx', ports: [{ containerPort: 80 }] }],
        tolerations: [{ effect: 'NoSchedule', key: 'dedicated', value: 'test-team' }],
      },
    },
  },
};
const spec = (patch: unknown): Record<string, unknown> =>
  (strategicMergePatch(deployment, live, { spec: { template: { spec: patch } } }) as unknown as typeof live)
    .spec.template.spec;

test('a container is added by its name, lists without strategy are replaced (kubectl patch documentation)', () => {
  expect(spec({ containers: [{ name: 'patch-demo-ctr-2', image: 'redis' }] })['containers']).toEqual([
    { name: 'patch-demo-ctr-2', image: 'redis' },
    { name: 'patch-demo-ctr', image: 'nginx', ports: [{ containerPort: 80 }] },
  ]);
  const tolerations = [{ effect: 'NoSchedule', key: 'disktype', value: 'ssd' }];
  expect(spec({ tolerations })['tolerations']).toEqual(tolerations);
});

test('items merge, are deleted and replaced by directives', () => {
  expect(spec({ containers: [{ name: 'patch-demo-ctr', image: 'x' }] })['containers']).toEqual([
    { name: 'patch-demo-ctr', image: 'x', ports: [{ containerPort: 80 }] },
  ]);
  expect(spec({ containers: [{ $patch: 'delete', name: 'patch-demo-ctr' }] })['containers']).toEqual([]);
  expect(spec({ containers: [{ $patch: 'replace' }, { name: 'b' }] })['containers']).toEqual([{ name: 'b' }]);
  expect(spec({ $patch: 'replace', containers: [{ name: 'b' }] })).toEqual({ containers: [{ name: 'b' }] });
  expect(() => spec({ containers: [{ image: 'x' }] })).toThrow('does not contain declared merge key: name');
});

test('retainKeys keeps only the keys named (documentation: strategy Recreate)', () => {
  const strategy = { $retainKeys: ['type'], type: 'Recreate' };
  expect(strategicMergePatch(deployment, live, { spec: { strategy } })['spec']).toMatchObject({
    strategy: { type: 'Recreate' },
  });
  expect(
    (strategicMergePatch(deployment, live, { spec: { strategy } }) as typeof live).spec.strategy,
  ).toStrictEqual({ type: 'Recreate' });
  expect(() =>
    strategicMergePatch(deployment, live, { spec: { strategy: { $retainKeys: ['a'], type: 'x' } } }),
  ).toThrow('retainKeys');
});

test('setElementOrder orders what is listed and keeps the rest where it was', () => {
  const pod = schemaOf('', 'Pod');
  const containers = ['a', 'b', 'c'].map((name) => ({ name }));
  const patched = strategicMergePatch(
    pod,
    { spec: { containers } },
    {
      spec: {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
        containers: [{ name: 'a', image: 'i' }],
      },
    },
  ) as { spec: { containers: unknown[] } };
  expect(patched.spec.containers).toEqual([{ name: 'b' }, { name: 'c' }, { name: 'a', image: 'i' }]);
});

test('lists of primitives with strategy merge are sets', () => {
  const configMap = schemaOf('', 'ConfigMap');
  const object = { metadata: { finalizers: ['a', 'b'] } };
  expect(strategicMergePatch(configMap, object, { metadata: { finalizers: ['c', 'a'] } })).toEqual({
    metadata: { finalizers: ['c', 'a', 'b'] },
  });
  expect(
    strategicMergePatch(configMap, object, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }),
  ).toEqual({ metadata: { finalizers: ['b'] } });
});

test('ports of a Service merge by port, subsets of Endpoints are replaced as a whole', () => {
  const service = schemaOf('', 'Service');
  expect(
    strategicMergePatch(
      service,
      { spec: { ports: [{ port: 1, name: 'x' }] } },
      { spec: { ports: [{ port: 1, nodePort: 3 }] } },
    ),
  ).toEqual({ spec: { ports: [{ port: 1, name: 'x', nodePort: 3 }] } });
  const endpoints = schemaOf('', 'Endpoints');
  const subsets = [{ addresses: [{ ip: '10.0.0.1' }] }];
  expect(
    strategicMergePatch(endpoints, { subsets: [{ addresses: [{ ip: '10.0.0.9' }] }] }, { subsets }),
  ).toEqual({
    subsets,
  });
});

test('null removes and is never stored, neither argument changes', () => {
  const before = structuredClone(live);
  expect(
    strategicMergePatch(deployment, live, {
      spec: { strategy: null, template: { metadata: { labels: { a: null } } } },
    }),
  ).toEqual({
    spec: { template: { spec: live.spec.template.spec, metadata: { labels: {} } } },
  });
  expect(live).toEqual(before);
});
