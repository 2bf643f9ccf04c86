import type { KubeObject, WatchEvent } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, type LocalRegistry } from './open-registry.ts';

const core = (plural: string) => ({ group: '', version: 'v1', plural });
const configMaps = core('configmaps');
const pods = core('pods');
const services = core('services');
const namespaces = core('namespaces');
const statefulSets = { group: 'apps', version: 'v1', plural: 'statefulsets' };
const crds = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
const foos = { group: 'example.com', version: 'v1', plural: 'foos' };

let registry: LocalRegistry;

beforeEach(() => {
  registry = openRegistry({ path: ':memory:', serviceSubnet: '10.96.0.0/29' });
  registry.create(core('serviceaccounts'), 'default', { metadata: { name: 'default' } });
});
afterEach(() => registry.close());

const code = (expected: number, message?: string | RegExp) =>
  expect.objectContaining({
    code: expected,
    ...(message === undefined ? {} : { message: expect.stringMatching(message) as string }),
  });

function configMap(name: string, rest: Partial<KubeObject> = {}): KubeObject {
  return registry.create(configMaps, 'default', { metadata: { name }, data: { a: 'b' }, ...rest });
}

function pod(name: string, spec: object = {}): KubeObject {
  return registry.create(pods, 'default', {
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  });
}

function statefulSet(): KubeObject {
  return {
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 1,
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
    },
  };
}

const crd = (): KubeObject => ({
  metadata: { name: 'foos.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'foos', kind: 'Foo' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', minimum: 1 },
                  color: { type: 'string', default: 'red' },
                },
              },
              status: { type: 'object', properties: { phase: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
});

/** Lets everything that waits for the end of the current call stack happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('create answers what the server fills in; the name can be generated', () => {
  const object = registry.create(configMaps, 'default', { metadata: { generateName: 'x-' } });
  expect(object.metadata.name).toMatch(/^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default' } });
  expect(object.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(object.metadata.creationTimestamp).toMatch(/^\d{4}-.*:\d\dZ$/);
  expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(0);
});

test('create refuses a second of the same name, and a namespace that is not there', () => {
  configMap('x');
  expect(() => configMap('x')).toThrow(code(409, /^configmaps "x" already exists$/));
  expect(() => registry.create(configMaps, 'nope', { metadata: { name: 'x' } })).toThrow(
    code(404, /^namespaces "nope" not found$/),
  );
});

test('an update needs the version that it was made from', () => {
  const first = configMap('x');
  const second = registry.update(configMaps, 'default', 'x', { ...first, data: { a: 'c' } });
  expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
  expect(() => registry.update(configMaps, 'default', 'x', { ...first, data: { a: 'd' } })).toThrow(
    code(409, /^Operation cannot be fulfilled on configmaps "x": the object has been modified/),
  );
});

test('a write that changes nothing makes no version and no event', async () => {
  const first = configMap('x');
  const events: WatchEvent[] = [];
  const { resourceVersion = '' } = first.metadata;
  registry.watch(configMaps, { namespace: 'default', resourceVersion }, (event) => events.push(event));
  const body = { data: { a: 'b' } };
  const second = registry.patch(configMaps, 'default', 'x', 'application/merge-patch+json', body);
  expect(second.metadata.resourceVersion).toBe(resourceVersion);
  await settled();
  expect(events).toEqual([]);
});

test('a resourceVersion in a patch is a precondition', () => {
  configMap('x');
  const stale = { metadata: { resourceVersion: '1' }, data: { a: 'z' } };
  expect(() =>
    registry.patch(configMaps, 'default', 'x', 'application/strategic-merge-patch+json', stale),
  ).toThrow(code(409));
});

test('pages of a list show one snapshot', () => {
  for (const name of ['a', 'b', 'c']) configMap(name);
  const first = registry.list(configMaps, { namespace: 'default', limit: 2 });
  expect(first.items.map((i) => i.metadata.name)).toEqual(['a', 'b']);
  expect(first.remainingItemCount).toBe(1);
  registry.delete(configMaps, 'default', 'c');
  configMap('d');
  const options = { namespace: 'default', limit: 2, continue: first.continue ?? '' };
  const second = registry.list(configMaps, options);
  expect(second.items.map((i) => i.metadata.name)).toEqual(['c']);
  expect(second.resourceVersion).toBe(first.resourceVersion);
  expect(() => registry.list(configMaps, { continue: 'nonsense' })).toThrow(code(400));
});

test('generation counts changes of spec alone, and status goes its own way', () => {
  const created = registry.create(statefulSets, 'default', statefulSet());
  expect(created.metadata.generation).toBe(1);
  const merge = 'application/merge-patch+json';
  const labelled = registry.patch(statefulSets, 'default', 'db', merge, { metadata: { labels: { x: 'y' } } });
  expect(labelled.metadata.generation).toBe(1);
  const scaled = registry.patch(statefulSets, 'default', 'db', merge, {
    spec: { replicas: 2 },
    status: { replicas: 9 },
  });
  expect(scaled.metadata.generation).toBe(2);
  expect(scaled['status']).toMatchObject({ replicas: 0 });
  const body = { spec: { replicas: 7 }, status: { replicas: 2 } };
  const status = registry.patch(statefulSets, 'default', 'db', merge, body, { subresource: 'status' });
  expect(status).toMatchObject({
    metadata: { generation: 2 },
    spec: { replicas: 2 },
    status: { replicas: 2 },
  });
});

test('scale is read and written', () => {
  registry.create(statefulSets, 'default', statefulSet());
  const scale = { metadata: { name: 'db' }, spec: { replicas: 3 } };
  registry.update(statefulSets, 'default', 'db', scale, { subresource: 'scale' });
  expect(registry.get(statefulSets, 'default', 'db', { subresource: 'scale' })).toMatchObject({
    kind: 'Scale',
    spec: { replicas: 3 },
    status: { selector: 'app=db' },
  });
});

test('immutable fields stay', () => {
  registry.create(statefulSets, 'default', statefulSet());
  const merge = 'application/merge-patch+json';
  expect(() =>
    registry.patch(statefulSets, 'default', 'db', merge, { spec: { serviceName: 'other' } }),
  ).toThrow(code(422, /updates to statefulset spec for fields other than/));
  pod('p');
  expect(() => registry.patch(pods, 'default', 'p', merge, { spec: { hostname: 'x' } })).toThrow(
    code(422, /pod updates may not change fields other than/),
  );
  registry.create(core('secrets'), 'default', { metadata: { name: 's' }, stringData: { a: 'b' } });
  expect(registry.get(core('secrets'), 'default', 's')).toMatchObject({
    data: { a: 'Yg==' },
    type: 'Opaque',
  });
  expect(() => registry.patch(core('secrets'), 'default', 's', merge, { type: 'x/y' })).toThrow(code(422));
  configMap('fixed', { immutable: true });
  expect(() => registry.patch(configMaps, 'default', 'fixed', merge, { data: { a: 'z' } })).toThrow(
    code(422, /field is immutable when `immutable` is set/),
  );
});

test('finalizers hold an object back; the last to go removes it', () => {
  registry.create(configMaps, 'default', { metadata: { name: 'x', finalizers: ['example.com/f'] } });
  const waiting = registry.delete(configMaps, 'default', 'x');
  expect(waiting.metadata.deletionTimestamp).toBeDefined();
  const merge = 'application/merge-patch+json';
  expect(() =>
    registry.patch(configMaps, 'default', 'x', merge, {
      metadata: { finalizers: ['example.com/f', 'example.com/g'] },
    }),
  ).toThrow(code(422, /no new finalizers can be added if the object is being deleted/));
  registry.patch(configMaps, 'default', 'x', merge, { metadata: { finalizers: null } });
  expect(() => registry.get(configMaps, 'default', 'x')).toThrow(code(404));
});

test('propagation policies are finalizers for the garbage collector', () => {
  configMap('x');
  expect(
    registry.delete(configMaps, 'default', 'x', { propagationPolicy: 'Foreground' }).metadata.finalizers,
  ).toEqual(['foregroundDeletion']);
  configMap('y');
  expect(
    registry.delete(configMaps, 'default', 'y', { propagationPolicy: 'Orphan' }).metadata.finalizers,
  ).toEqual(['orphan']);
});

test('a pod on a node has time to end, one without goes at once', () => {
  pod('idle');
  registry.delete(pods, 'default', 'idle');
  expect(() => registry.get(pods, 'default', 'idle')).toThrow(code(404));
  pod('busy', { nodeName: 'n', terminationGracePeriodSeconds: 20 });
  const ending = registry.delete(pods, 'default', 'busy');
  expect(ending.metadata.deletionGracePeriodSeconds).toBe(20);
  const shorter = registry.delete(pods, 'default', 'busy', { gracePeriodSeconds: 5 });
  expect(shorter.metadata.deletionGracePeriodSeconds).toBe(5);
  registry.delete(pods, 'default', 'busy', { gracePeriodSeconds: 0 });
  expect(() => registry.get(pods, 'default', 'busy')).toThrow(code(404));
});

test('delete checks its preconditions', () => {
  configMap('x');
  expect(() => registry.delete(configMaps, 'default', 'x', { preconditions: { uid: 'other' } })).toThrow(
    code(409, /Precondition failed: UID in precondition: other/),
  );
});

test('a namespace ends when its finalizer goes, and takes nothing new meanwhile', () => {
  registry.create(namespaces, undefined, { metadata: { name: 'n' } });
  const ending = registry.delete(namespaces, undefined, 'n');
  expect(ending['status']).toEqual({ phase: 'Terminating' });
  expect(() => registry.create(configMaps, 'n', { metadata: { name: 'x' } })).toThrow(
    code(403, /because it is being terminated/),
  );
  registry.update(
    namespaces,
    undefined,
    'n',
    { ...ending, spec: { finalizers: [] } },
    { subresource: 'finalize' },
  );
  expect(() => registry.get(namespaces, undefined, 'n')).toThrow(code(404));
});

test('cluster IPs are given once, kept, and run out', () => {
  const ports = [{ port: 5432 }];
  const make = (name: string, spec: object = {}) =>
    registry.create(services, 'default', { metadata: { name }, spec: { ports, ...spec } });
  const address = (object: KubeObject) => (object['spec'] as { clusterIP?: string }).clusterIP;
  expect(address(registry.get(services, 'default', 'kubernetes'))).toBe('10.96.0.1');
  const first = make('a');
  expect(address(first)).toBe('10.96.0.2');
  expect(() => make('b', { clusterIP: '10.96.0.2' })).toThrow(code(422, /already allocated/));
  expect(address(make('headless', { clusterIP: 'None', ports: undefined }))).toBe('None');
  const merge = 'application/merge-patch+json';
  expect(() => registry.patch(services, 'default', 'a', merge, { spec: { clusterIP: '10.96.0.5' } })).toThrow(
    code(422),
  );
  for (const name of ['c', 'd', 'e', 'f']) make(name);
  expect(() => make('g')).toThrow(code(422, /range is full/));
  registry.delete(services, 'default', 'c');
  expect(address(make('g'))).toBe('10.96.0.3');
});

test('a CustomResourceDefinition serves its kind at once, validated, defaulted and pruned', async () => {
  const made = registry.create(crds, undefined, crd());
  const { conditions } = made['status'] as { conditions: { type: string; status: string }[] };
  expect(conditions.map((c) => `${c.type}=${c.status}`)).toEqual(['NamesAccepted=True', 'Established=True']);
  const warnings: string[] = [];
  const foo = registry.create(
    foos,
    'default',
    { metadata: { name: 'a' }, spec: { size: 1, weight: 5 }, status: { phase: 'x' } },
    { warn: (message) => warnings.push(message) },
  );
  expect(foo['spec']).toEqual({ size: 1, color: 'red' });
  expect(foo['status']).toBeUndefined();
  expect(warnings).toEqual(['unknown field "spec.weight"']);
  expect(() =>
    registry.create(
      foos,
      'default',
      { metadata: { name: 'b' }, spec: { size: 1, weight: 5 } },
      { fieldValidation: 'Strict' },
    ),
  ).toThrow(code(400, /unknown field "spec.weight"/));
  expect(() => registry.create(foos, 'default', { metadata: { name: 'b' }, spec: { size: 0 } })).toThrow(
    code(422, /spec\.size: Invalid value: 0/),
  );
  registry.delete(crds, undefined, 'foos.example.com');
  await settled();
  expect(registry.resource(foos)).toBeUndefined();
  expect(() => registry.get(crds, undefined, 'foos.example.com')).toThrow(code(404));
});

test('a definition waits for the finalizers of its instances', async () => {
  registry.create(crds, undefined, crd());
  registry.create(foos, 'default', {
    metadata: { name: 'a', finalizers: ['example.com/f'] },
    spec: { size: 1 },
  });
  registry.delete(crds, undefined, 'foos.example.com');
  expect(registry.get(foos, 'default', 'a').metadata.deletionTimestamp).toBeDefined();
  registry.patch(foos, 'default', 'a', 'application/merge-patch+json', { metadata: { finalizers: null } });
  await settled();
  expect(() => registry.get(crds, undefined, 'foos.example.com')).toThrow(code(404));
});

test('server-side apply creates, merges and finds conflicts', () => {
  const config = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data });
  const apply = (data: object, fieldManager: string, force = false) =>
    registry.patch(configMaps, 'default', 'x', 'application/apply-patch+yaml', config(data), {
      fieldManager,
      force,
    });
  apply({ a: '1' }, 'one');
  expect(() => apply({ a: '2' }, 'two')).toThrow(code(409, /conflict with "one"/));
  apply({ b: '2' }, 'two');
  const merged = apply({}, 'one');
  expect(merged['data']).toEqual({ b: '2' });
  expect(merged.metadata.managedFields?.map((m) => m.manager)).toContain('two');
  expect(apply({}, 'one').metadata.resourceVersion).toBe(merged.metadata.resourceVersion);
});

test('dry run stores nothing', () => {
  registry.create(configMaps, 'default', { metadata: { name: 'x' } }, { dryRun: true });
  expect(() => registry.get(configMaps, 'default', 'x')).toThrow(code(404));
});

test('events have two faces', () => {
  const events = { group: 'events.k8s.io', version: 'v1', plural: 'events' };
  registry.create(core('events'), 'default', {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'hello',
    reason: 'Test',
  });
  expect(registry.get(events, 'default', 'e')).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    regarding: { name: 'p' },
    note: 'hello',
  });
});

test('eviction respects the budget', () => {
  const budgets = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };
  const pod = registry.create(pods, 'default', {
    metadata: { name: 'p', labels: { app: 'db' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  const running = { ...pod, status: { phase: 'Running' } };
  registry.update(pods, 'default', 'p', running, { subresource: 'status' });
  const selector = { matchLabels: { app: 'db' } };
  const budget = registry.create(budgets, 'default', {
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector },
  });
  const evict = () =>
    registry.create(pods, 'default', { metadata: { name: 'p' } }, { subresource: 'eviction' });
  expect(evict).toThrow(code(429));
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  };
  registry.update(budgets, 'default', 'b', { ...budget, status }, { subresource: 'status' });
  evict();
  expect(() => registry.get(pods, 'default', 'p')).toThrow(code(404));
});
