import type { KubeObject, ManagedFieldsEntry, Pod, StatefulSet } from '@pgherd/kube/objects';
import type { Configuration, Postgresql } from '@pgherd/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  freshSecrets,
  testManifest,
  testObserved,
  testRemembered,
} from '../testing/cluster.ts';
import { World } from '../testing/world.ts';
import { plan } from './plan.ts';
import { stepsOf } from './step.ts';
import { takeOver } from './taken-over.ts';

const zalando = 'postgres-operator';

function desiredOf(manifest: Postgresql, changes: Partial<Configuration> = {}): Desired[] {
  const configuration = testConfiguration(changes);
  const secrets = freshSecrets(['postgres', 'standby', 'foo_user', 'pooler'], configuration);
  return render({ manifest, configuration, remembered: testRemembered({ secrets }) });
}

/** Passwords of Secrets that exist are not written again. */
function withoutPasswords(desired: Desired[], world: World): Desired[] {
  return desired.map((each) => {
    const { kind, object } = each;
    const { data: _data, type: _type, ...rest } = object as KubeObject & { data?: object; type?: string };
    const isThere = world.get(kind, object.metadata.name ?? '') !== undefined;
    return { ...each, object: kind === kinds.secret && isThere ? rest : object };
  });
}

function planFor(desired: Desired[], world: World) {
  const goal = {
    objects: withoutPasswords(desired, world),
    database: undefined,
    configuration: undefined,
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  return plan(goal, testObserved(world.list()));
}

function madeBy(manager: string, desired: Desired[]): World {
  const world = new World();
  for (const { kind, object } of desired) world.put(kind, object, manager);
  return world;
}

const manifests = fc
  .record({
    users: fc.dictionary(fc.constantFrom('a', 'b_c'), fc.constant<'login'[]>([])),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.string() }), {
      selector: ({ name }) => name,
    }),
    podAnnotations: fc.dictionary(fc.constantFrom('x', 'y/z'), fc.string()),
    serviceAnnotations: fc.dictionary(fc.constantFrom('x', 'y/z'), fc.string()),
    enableMasterLoadBalancer: fc.boolean(),
    enableShmVolume: fc.boolean(),
    spiloRunAsUser: fc.option(fc.nat(), { nil: undefined }),
    livenessProbe: fc.option(fc.constant({ tcpSocket: { port: 5432 } }), { nil: undefined }),
    podPriorityClassName: fc.constantFrom('', 'high'),
    tolerations: fc.constantFrom([], [{ key: 'postgres', operator: 'Exists' as const }]),
    sidecars: fc.constantFrom([], [{ name: 'exporter', image: 'exporter:1' }]),
  })
  .map(
    (spec) =>
      JSON.parse(JSON.stringify(testManifest(spec as unknown as Partial<Postgresql['spec']>))) as Postgresql,
  );

test('what another operator wrote, with all the defaults that it thereby owns, needs nothing (for any manifest)', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const desired = desiredOf(manifest);
      expect(planFor(desired, madeBy(zalando, desired)).tracks).toEqual([]);
    }),
  );
});

/** Without what the API server fills in and without managedFields: what anybody wanted of it. */
function wantedOf(world: World): unknown {
  return world.list().map(({ object }) => {
    const { managedFields: _m, resourceVersion: _r, uid: _u, ...metadata } = object.metadata;
    return { ...object, metadata };
  });
}

test('carrying out a plan leaves exactly what should be, whoever wrote it before (for any two manifests)', () => {
  fc.assert(
    fc.property(manifests, manifests, fc.constantFrom(zalando, 'pgherd'), (before, after, manager) => {
      const world = madeBy(manager, desiredOf(before));
      const target = desiredOf(after);
      // A StatefulSet that is made again is gone in between.
      for (let pass = 0; pass < 2; pass += 1) world.carryOut(planFor(target, world));
      expect(planFor(target, world).tracks).toEqual([]);
      const fresh = madeBy('pgherd', target);
      const secretsOfBefore = (desired: { metadata: { name?: string } }) =>
        !target.some(({ object }) => object.metadata.name === desired.metadata.name);
      const left = (wantedOf(world) as KubeObject[]).filter((object) => !secretsOfBefore(object));
      const byName = (one: KubeObject, other: KubeObject) =>
        `${one.kind ?? ''}/${one.metadata.name ?? ''}` < `${other.kind ?? ''}/${other.metadata.name ?? ''}`
          ? -1
          : 1;
      expect(left.map(normalised).sort(byName)).toEqual(
        (wantedOf(fresh) as KubeObject[]).map(normalised).sort(byName),
      );
    }),
    { numRuns: 60 },
  );
});

/** Order of variables and volumes is kept by server-side apply, and says nothing; empty maps neither. */
function normalised(object: KubeObject): KubeObject {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value)
      .map(([key, child]): [string, unknown] => [key, sorted(child)])
      .filter(([, child]) => typeof child !== 'object' || child === null || Object.keys(child).length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  };
  return sorted(object) as KubeObject;
}

const statefulSetOf = (world: World) => world.get(kinds.statefulSet, 'acid-demo') as StatefulSet & KubeObject;
const whys = (desired: Desired[], world: World) =>
  stepsOf(planFor(desired, world)).flatMap(({ what, why }) => [what, ...why]);

test('what only the other operator set is dropped, down to the field', () => {
  const before = testManifest({ env: [{ name: 'OLD', value: '1' }], serviceAnnotations: { old: 'x' } });
  const world = madeBy(zalando, desiredOf(before));
  expect(whys(desiredOf(testManifest()), world)).toEqual([
    'update service acid-demo',
    'metadata.annotations.old: x → (removed)',
    'update service acid-demo-repl',
    'metadata.annotations.old: x → (removed)',
    'update statefulset acid-demo',
    'spec.template.spec.containers[name=postgres].env[name=OLD]: {"name":"OLD","value":"1"} → (removed)',
  ]);
  world.carryOut(planFor(desiredOf(testManifest()), world));
  const env = statefulSetOf(world).spec?.template.spec?.containers[0]?.env ?? [];
  expect(env.map(({ name }) => name)).not.toContain('OLD');
});

test('the idle timeout that older releases gave every load balancer stays, now and after a change', () => {
  const idleTimeout = 'service.beta.kubernetes.io/aws-load-balancer-connection-idle-timeout';
  const old = testManifest({ enableMasterLoadBalancer: true, serviceAnnotations: { [idleTimeout]: '3600' } });
  const world = madeBy(zalando, desiredOf(old));
  const desired = desiredOf(testManifest({ enableMasterLoadBalancer: true }));
  expect(planFor(desired, world).tracks).toEqual([]);
  const annotations = () => world.get(kinds.service, 'acid-demo')?.metadata.annotations;
  for (const value of ['x', 'y']) {
    const changed = testManifest({ enableMasterLoadBalancer: true, serviceAnnotations: { more: value } });
    world.carryOut(planFor(desiredOf(changed), world));
    expect(annotations()).toMatchObject({ [idleTimeout]: '3600', more: value });
  }
  // It is taken over once, and not again with each write.
  expect(takeOver(world.get(kinds.service, 'acid-demo') as KubeObject)).toBeUndefined();
  const own = testManifest({ enableMasterLoadBalancer: true, serviceAnnotations: { [idleTimeout]: '60' } });
  world.carryOut(planFor(desiredOf(own), world));
  expect(annotations()).toMatchObject({ [idleTimeout]: '60' });
  expect(planFor(desiredOf(own), world).tracks).toEqual([]);
});

test('a budget that some releases wrote as a number of members is written anew, not with both numbers', () => {
  const desired = desiredOf(testManifest());
  const world = madeBy(zalando, desired);
  const name = 'postgres-acid-demo-critical-op-pdb';
  const budget = world.get(kinds.podDisruptionBudget, name) as KubeObject & { spec: object };
  const { maxUnavailable: _percent, ...spec } = budget.spec as Record<string, unknown>;
  const { managedFields: _fields, ...metadata } = budget.metadata;
  world.delete(kinds.podDisruptionBudget, name);
  world.put(kinds.podDisruptionBudget, { ...budget, metadata, spec: { ...spec, minAvailable: 2 } }, zalando);
  world.carryOut(planFor(desired, world));
  const after = world.get(kinds.podDisruptionBudget, name) as KubeObject & { spec: object };
  expect(after.spec).toEqual({ ...spec, maxUnavailable: 0 });
  expect(planFor(desired, world).tracks).toEqual([]);
});

test('a default that we do not know yet is not dropped', () => {
  const desired = desiredOf(testManifest());
  const world = madeBy(zalando, desired);
  const { spec } = structuredClone(statefulSetOf(world));
  Object.assign(spec?.template.spec ?? {}, { defaultOfTomorrow: 'x' });
  world.put(kinds.statefulSet, { ...statefulSetOf(world), spec }, zalando);
  expect(planFor(desired, world).tracks).toEqual([]);
});

test('what somebody else edited stays, unless it is ours to say', () => {
  const desired = desiredOf(testManifest());
  const world = madeBy(zalando, desired);
  const edited = structuredClone(statefulSetOf(world));
  edited.metadata.annotations = { theirs: 'x' };
  const [postgres] = edited.spec?.template.spec?.containers ?? [];
  postgres?.env?.push({ name: 'THEIRS', value: '1' });
  world.put(kinds.statefulSet, edited, 'kubectl-edit');
  expect(planFor(desired, world).tracks).toEqual([]);
  if (edited.spec !== undefined) edited.spec.replicas = 1;
  world.put(kinds.statefulSet, edited, 'kubectl-edit');
  expect(whys(desired, world)).toEqual(['update statefulset acid-demo', 'spec.replicas: 1 → 2']);
  world.carryOut(planFor(desired, world));
  const after = statefulSetOf(world);
  expect(after.metadata.annotations).toEqual({ theirs: 'x' });
  expect(after.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name)).toContain('THEIRS');
});

test('the contents of a Secret never become ours, so that they are never removed', () => {
  const world = madeBy(zalando, desiredOf(testManifest({ teamId: 'before' })));
  world.carryOut(planFor(desiredOf(testManifest({ teamId: 'after' })), world));
  const name = 'foo-user.acid-demo.credentials.postgresql.acid.zalan.do';
  const secret = world.get(kinds.secret, name) as KubeObject & { data: Record<string, string> };
  expect(Object.keys(secret.data)).toEqual(['username', 'password']);
  expect(secret.metadata.labels?.['team']).toBe('after');
  const owners = (field: string) =>
    (secret.metadata.managedFields ?? [])
      .filter(({ fieldsV1 }) => fieldsV1 !== undefined && field in fieldsV1)
      .map(({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`);
  expect(owners('f:data')).toEqual(['postgres-operator Update']);
  expect(owners('f:metadata')).toEqual(['pgherd Apply']);
});

test('only what the other operator wrote through the object itself is taken over', () => {
  const entry = (more: ManagedFieldsEntry): ManagedFieldsEntry => ({
    manager: zalando,
    operation: 'Update',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:a': {} } },
    ...more,
  });
  const object = (...managedFields: ManagedFieldsEntry[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', resourceVersion: '7', managedFields },
  });
  const others = [
    entry({ subresource: 'status' }),
    entry({ manager: 'kubectl-edit' }),
    entry({ apiVersion: 'v1beta1' }),
  ];
  expect(takeOver(object(...others) as KubeObject & Pod)).toBeUndefined();
  const own = entry({ manager: 'pgherd', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:b': {} } } });
  expect(takeOver(object(...others, own, entry({})))).toEqual({
    resourceVersion: '7',
    managedFields: [{ ...own, fieldsV1: { 'f:spec': { 'f:a': {}, 'f:b': {} } } }, ...others],
  });
});
