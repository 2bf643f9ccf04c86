import type { KubeObject } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, type LocalRegistry } from './open-registry.ts';

const core = (plural: string) => ({ group: '', version: 'v1', plural });
const configMaps = core('configmaps');
const pods = core('pods');
const statefulSets = { group: 'apps', version: 'v1', plural: 'statefulsets' };
const merge = 'application/merge-patch+json';
const applyPatch = 'application/apply-patch+yaml';

let registry: LocalRegistry;

beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
  registry.create(core('serviceaccounts'), 'default', { metadata: { name: 'default' } });
});
afterEach(() => registry.close());

const code = (expected: number, message = '') =>
  expect.objectContaining({ code: expected, message: expect.stringContaining(message) as string });

// ValidateObjectMetaUpdate and BeforeUpdate of Kubernetes' apiserver.
test('what a PUT says of uid, creation and deletion', () => {
  const made = registry.create(configMaps, 'default', { metadata: { name: 'x' } });
  const put = (metadata: object) =>
    registry.update(configMaps, 'default', 'x', { metadata: { name: 'x', ...metadata } });
  expect(put({ creationTimestamp: '2001-01-01T00:00:00Z' }).metadata).toEqual(made.metadata);
  expect(() => put({ uid: 'other' })).toThrow(code(409, 'Precondition failed: UID'));
  const deletionTimestamp = '2030-01-01T00:00:00Z';
  expect(() => put({ deletionTimestamp })).toThrow(code(422, 'may only be changed via deletion'));
  expect(() => put({ deletionGracePeriodSeconds: 5 })).toThrow(code(422, 'may only be changed via deletion'));
});

test('a deletion under way can be neither taken back nor moved', () => {
  registry.create(configMaps, 'default', { metadata: { name: 'x', finalizers: ['example.com/f'] } });
  const marked = registry.delete(configMaps, 'default', 'x').metadata.deletionTimestamp;
  const patch = (metadata: object) => registry.patch(configMaps, 'default', 'x', merge, { metadata });
  expect(patch({ deletionTimestamp: null }).metadata.deletionTimestamp).toBe(marked);
  expect(patch({ deletionTimestamp: '2030-01-01T00:00:00Z' }).metadata.deletionTimestamp).toBe(marked);
  expect(() => patch({ deletionGracePeriodSeconds: 5 })).toThrow(code(422));
});

function statefulSet(): KubeObject {
  return {
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
    },
  };
}

const managers = () =>
  (registry.get(statefulSets, 'default', 'db').metadata.managedFields ?? []).map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    subresource: entry.subresource,
    ownsReplicas: JSON.stringify(entry.fieldsV1).includes('f:replicas'),
  }));

test('who scales owns the number through the subresource', () => {
  registry.create(statefulSets, 'default', statefulSet(), { fieldManager: 'maker' });
  const scale = { metadata: { name: 'db' }, spec: { replicas: 3 } };
  registry.update(statefulSets, 'default', 'db', scale, { subresource: 'scale', fieldManager: 'scaler' });
  expect(managers()).toEqual([
    expect.objectContaining({ manager: 'maker', ownsReplicas: false }),
    { manager: 'scaler', operation: 'Update', subresource: 'scale', ownsReplicas: true },
  ]);
});

test('scale can be applied, conflicts over the number included', () => {
  registry.create(statefulSets, 'default', statefulSet(), { fieldManager: 'maker' });
  const apply = (fieldManager: string, spec: object, force = false) =>
    registry.patch(
      statefulSets,
      'default',
      'db',
      applyPatch,
      { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'db' }, spec },
      { subresource: 'scale', fieldManager, force },
    );
  expect(() => apply('a', { replicas: 2 })).toThrow(code(409, '.spec.replicas'));
  expect(apply('a', { replicas: 2 }, true)).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
  expect(managers()[0]).toEqual({
    manager: 'a',
    operation: 'Apply',
    subresource: 'scale',
    ownsReplicas: true,
  });
  expect(() => apply('b', { replicas: 3 })).toThrow(code(409));
  expect(() => apply('a', { replicas: -1 })).toThrow(code(422));
  expect(registry.get(statefulSets, 'default', 'db')['spec']).toMatchObject({
    serviceName: 'db',
    replicas: 2,
  });
});

test('a scale is no other object, and keeps to its version', () => {
  const old = registry.create(statefulSets, 'default', statefulSet());
  const write = (scale: object) => () =>
    registry.update(statefulSets, 'default', 'db', { metadata: {}, ...scale }, { subresource: 'scale' });
  expect(write({ kind: 'StatefulSet' })).toThrow(code(400));
  expect(write({ metadata: { name: 'other' } })).toThrow(code(400));
  const stale = { metadata: { resourceVersion: '1' }, spec: { replicas: 2 } };
  expect(write(stale)).toThrow(code(409));
  const patch = () => registry.patch(statefulSets, 'default', 'db', merge, stale, { subresource: 'scale' });
  expect(patch).toThrow(code(409));
  expect(registry.get(statefulSets, 'default', 'db')).toBe(old);
});

test('periods of grace: a negative one is a second, an endless one ends in the year 9999', () => {
  const containers = [{ name: 'c', image: 'i' }];
  for (const name of ['a', 'b']) {
    registry.create(pods, 'default', { metadata: { name }, spec: { containers, nodeName: 'n' } });
  }
  const remove = (name: string, gracePeriodSeconds: number) =>
    registry.delete(pods, 'default', name, { gracePeriodSeconds }).metadata;
  expect(remove('a', -5).deletionGracePeriodSeconds).toBe(1);
  expect(remove('b', Number.MAX_SAFE_INTEGER).deletionTimestamp).toBe('9999-12-31T23:59:59Z');
});

test('a limit below one is none', () => {
  expect(registry.list(core('namespaces'), { limit: -1 }).items).toHaveLength(4);
});

test('wrong options of an eviction are refused, and nothing is evicted', () => {
  registry.create(pods, 'default', {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  for (const deleteOptions of [
    { gracePeriodSeconds: 'x' },
    5,
    { dryRun: 'All' },
    { preconditions: { uid: 1 } },
  ]) {
    const eviction = { metadata: { name: 'p' }, deleteOptions };
    expect(() => registry.create(pods, 'default', eviction, { subresource: 'eviction' })).toThrow(code(400));
  }
  expect(registry.get(pods, 'default', 'p').metadata.deletionTimestamp).toBeUndefined();
});

test('an object from before a default existed can still be patched: the default is no change by the caller', () => {
  registry.create(pods, 'default', {
    metadata: { name: 'old' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  // As an earlier version, which did not know these defaults, had stored it.
  registry.store.put('pods', 'default', 'old', (revision) => {
    const object = structuredClone(registry.get(pods, 'default', 'old'));
    const spec = object['spec'] as Record<string, unknown>;
    delete spec['dnsPolicy'];
    delete spec['restartPolicy'];
    object.metadata.resourceVersion = String(revision);
    return object;
  });
  const patched = registry.patch(pods, 'default', 'old', merge, { metadata: { labels: { a: 'b' } } });
  expect(patched.metadata.labels).toEqual({ a: 'b' });
  expect(() => registry.patch(pods, 'default', 'old', merge, { spec: { restartPolicy: 'Never' } })).toThrow(
    code(422, 'pod updates may not change fields'),
  );
});
