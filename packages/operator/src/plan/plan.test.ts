import fc from 'fast-check';
import type { KubeObject, StatefulSet } from '@pgherd/kube/objects';
import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { rememberPods } from '../observe/remembered.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
} from '../testing/cluster.ts';
import { plan } from './plan.ts';
import { printPlan } from './print.ts';
import { stepsOf } from './step.ts';

function desiredOf(manifest: Postgresql, live?: Desired[]): Desired[] {
  const statefulSet = live?.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet | undefined;
  const remembered = rememberPods(statefulSet?.spec?.template.spec);
  return render({
    manifest,
    configuration: testConfiguration(),
    remembered: testRemembered(remembered === undefined ? {} : { statefulSet: remembered }),
  });
}

function planFor(objects: Desired[], observed: Observed) {
  return plan(
    {
      objects,
      database: undefined,
      configuration: undefined,
      pods: { ignoredAnnotations: [], isLazy: false },
    },
    observed,
  );
}

function whats(objects: Desired[], observed: Observed): string[] {
  return stepsOf(planFor(objects, observed)).map(
    (step) => step.what + (step.waitFor === undefined ? '' : ` | ${step.waitFor}`),
  );
}

/** All objects as they stand after a first pass, with pods of the given revision. */
function standing(manifest: Postgresql): Desired[] {
  return desiredOf(manifest).map((desired) =>
    desired.kind === kinds.statefulSet ? withStatus(desired, 'old') : desired,
  );
}

const manifests = fc
  .record({
    numberOfInstances: fc.nat({ max: 5 }),
    postgresql: fc.record({
      version: fc.constantFrom('14' as const, '17' as const),
      parameters: fc.dictionary(fc.constantFrom('shared_buffers', 'work_mem', 'ssl'), fc.string()),
    }),
    users: fc.dictionary(fc.constantFrom('a', 'b_c', 'd-e'), fc.constant<'login'[]>([])),
    volume: fc.record({ size: fc.constantFrom('1Gi', '1024Mi', '2Gi') }),
    resources: fc.record({
      // Never none: that a field is gone is seen by its owner, and these objects have been on no server that keeps one.
      requests: fc.record({ cpu: fc.constantFrom('1', '100m') }),
      limits: fc.record({ memory: fc.constantFrom('1Gi', '2Gi', '500Mi') }),
    }),
    podAnnotations: fc.dictionary(fc.constantFrom('x', 'y'), fc.string()),
    enableShmVolume: fc.boolean(),
  })
  .map((spec) => testManifest(spec));

test('what stands as it should needs nothing (for any manifest)', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const live = standing(manifest);
      expect(planFor(desiredOf(manifest, live), testObserved(live)).tracks).toEqual([]);
    }),
  );
});

/** An API server adds fields everywhere; so do other people. */
function disturbed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(disturbed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => [key, disturbed(child)]);
  return Object.fromEntries([['addedByServer', 'x'], ...entries.reverse()]);
}

test("defaults of the server, other people's fields and the order of keys are no difference (for any manifest)", () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const live = standing(manifest).map(({ kind, object }) => ({
        kind,
        object: {
          ...(disturbed(object) as KubeObject),
          apiVersion: object.apiVersion ?? '',
          kind: object.kind ?? '',
        },
      }));
      expect(planFor(desiredOf(manifest, live), testObserved(live)).tracks).toEqual([]);
    }),
  );
});

test('every changed field of a new manifest is a step, and after it nothing is left (for any two manifests)', () => {
  fc.assert(
    fc.property(manifests, manifests, (before, after) => {
      const live = standing(before);
      const target = desiredOf(after, live);
      const steps = stepsOf(planFor(target, testObserved(live)));
      const same = JSON.stringify(target) === JSON.stringify(desiredOf(before, live));
      expect(steps.length === 0).toBe(same);
      const done = target.map((desired) =>
        desired.kind === kinds.statefulSet ? withStatus(desired, 'old') : desired,
      );
      expect(planFor(desiredOf(after, done), testObserved(done)).tracks).toEqual([]);
    }),
  );
});

test('a new cluster: what pods need comes before them', () => {
  const objects = desiredOf(testManifest());
  const steps = whats(objects, testObserved([]));
  expect(steps[0]).toBe('create serviceaccount postgres-pod');
  expect(steps.at(-1)).toBe('create statefulset acid-demo');
  // Made once: what is shared or holds a password.
  const once = stepsOf(planFor(objects, testObserved([]))).filter(({ action }) => action.type === 'create');
  expect(once.map(({ action }) => ('kind' in action ? action.kind.plural : ''))).toEqual([
    'serviceaccounts',
    'rolebindings',
    'secrets',
    'secrets',
    'secrets',
  ]);
});

const pods = {
  primary: (ordinal: number, more = {}) => testPod({ ordinal, role: 'primary', ...more }),
  replica: (ordinal: number, more = {}) => testPod({ ordinal, ...more }),
};

test('a larger cluster only needs its StatefulSet changed', () => {
  const live = standing(testManifest());
  const observed = testObserved(live, [pods.primary(0), pods.replica(1)], { leader: 'acid-demo-0' });
  expect(printPlan(planFor(desiredOf(testManifest({ numberOfInstances: 3 }), live), observed))).toBe(
    'Pods\n   1. update statefulset acid-demo\n        spec.replicas: 2 → 3\n\n1 step. Nobody who uses the database notices.\n',
  );
});

test('scaling down never takes the primary: others first, then a switchover', () => {
  const live = standing(testManifest({ numberOfInstances: 3 }));
  const target = desiredOf(testManifest({ numberOfInstances: 1 }), live);
  const low = testObserved(live, [pods.primary(0), pods.replica(1), pods.replica(2)], {
    leader: 'acid-demo-0',
  });
  expect(whats(target, low)).toEqual(['update statefulset acid-demo']);
  const middle = testObserved(live, [pods.replica(0), pods.primary(1), pods.replica(2)], {
    leader: 'acid-demo-1',
  });
  expect(whats(target, middle)).toEqual([
    'scale statefulset acid-demo to 2',
    'switch over from acid-demo-1 to acid-demo-0',
    'update statefulset acid-demo',
  ]);
  const high = testObserved(live, [pods.replica(0), pods.replica(1), pods.primary(2)], {
    leader: 'acid-demo-2',
  });
  expect(whats(target, high)).toEqual([
    'switch over from acid-demo-2 to acid-demo-0',
    'update statefulset acid-demo',
  ]);
  expect(whats(target, { ...high, syncStandbys: ['acid-demo-1'] })[0]).toBe(
    'switch over from acid-demo-2 to acid-demo-1',
  );
  expect(whats(target, { ...high, syncStandbys: [] })[0]).toMatch(
    /^switch over from acid-demo-2 .* \| a member/,
  );
  expect(whats(target, { ...high, leader: undefined })[0]).toMatch(/\| a primary accepts writes$/);
});

function updated(changes: Partial<Postgresql['spec']>) {
  const before = standing(testManifest({ numberOfInstances: 3 }));
  const target = desiredOf(testManifest({ numberOfInstances: 3, ...changes }), before);
  const live = target.map((desired) =>
    desired.kind === kinds.statefulSet ? withStatus(desired, 'new') : desired,
  );
  return { before, live, target };
}

const oldSpec = (live: Desired[]) => {
  const set = live.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet;
  return set.spec?.template.spec ?? {};
};

test('a changed pod template is printed with everything that follows from it', () => {
  const { before, target } = updated({ dockerImage: 'other' });
  const world = testObserved(before, [pods.replica(0), pods.primary(1), pods.replica(2)], {
    leader: 'acid-demo-1',
  });
  expect(stepsOf(planFor(target, world)).map(({ what, disturbs }) => `${what} [${disturbs}]`)).toEqual([
    'update statefulset acid-demo [nothing]',
    'replace pod acid-demo-2 [restart]',
    'replace pod acid-demo-0 [restart]',
    'switch over from acid-demo-1 to acid-demo-0 [switchover]',
    'replace pod acid-demo-1 [restart]',
  ]);
});

test('a roll-out takes one pod at a time and waits until it streams again', () => {
  const { before, live, target } = updated({ dockerImage: 'other' });
  const old = { spec: oldSpec(before) };
  const fresh = { spec: oldSpec(live), revision: 'new' };
  const see = (list: ReturnType<typeof testPod>[]) =>
    whats(target, testObserved(live, list, { leader: 'acid-demo-1' }));

  expect(see([pods.replica(0, old), pods.primary(1, old), pods.replica(2, old)])[0]).toBe(
    'replace pod acid-demo-2',
  );
  expect(see([pods.replica(0, old), pods.primary(1, old)])[0]).toMatch(
    /replace pod acid-demo-0 \| 1 missing/,
  );
  expect(
    see([pods.replica(0, old), pods.primary(1, old), pods.replica(2, { ...fresh, streaming: false })])[0],
  ).toBe('replace pod acid-demo-0 | acid-demo-2 streams');
  expect(see([pods.replica(0, old), pods.primary(1, old), pods.replica(2, fresh)])[0]).toBe(
    'replace pod acid-demo-0',
  );
  expect(see([pods.replica(0, fresh), pods.primary(1, old), pods.replica(2, fresh)])).toEqual([
    'switch over from acid-demo-1 to acid-demo-0',
    'replace pod acid-demo-1',
  ]);
  expect(see([pods.replica(0, fresh), pods.primary(1, fresh), pods.replica(2, fresh)])).toEqual([]);
});

test('a broken outdated pod is replaced before those that stream', () => {
  const { before, live, target } = updated({ dockerImage: 'other' });
  const old = { spec: oldSpec(before) };
  const broken = testObserved(
    live,
    [pods.replica(0, { ...old, running: false }), pods.primary(1, old), pods.replica(2, old)],
    { leader: 'acid-demo-1' },
  );
  expect(whats(target, broken)[0]).toBe('replace pod acid-demo-0');
});

test('the only member is replaced without a switchover, as downtime', () => {
  const before = standing(testManifest({ numberOfInstances: 1 }));
  const target = desiredOf(testManifest({ numberOfInstances: 1, dockerImage: 'other' }), before);
  const steps = stepsOf(planFor(target, testObserved(before, [pods.primary(0)], { leader: 'acid-demo-0' })));
  expect(steps.map(({ what, disturbs }) => `${what} [${disturbs}]`)).toEqual([
    'update statefulset acid-demo [nothing]',
    'replace pod acid-demo-0 [downtime]',
  ]);
});

test('another revision with the same pods, e.g. only other annotations, replaces nothing', () => {
  const { live, target } = updated({});
  const same = { spec: oldSpec(live) };
  const observed = testObserved(live, [pods.primary(0, same), pods.replica(1, same), pods.replica(2, same)], {
    leader: 'acid-demo-0',
  });
  expect(whats(target, observed)).toEqual([]);
});

test('what cannot be changed is made again around the running pods', () => {
  const live = standing(testManifest());
  const target = desiredOf(testManifest({ volume: { size: '2Gi' } }), live);
  const observed = testObserved(live, [pods.primary(0), pods.replica(1)], { leader: 'acid-demo-0' });
  const [step] = stepsOf(planFor(target, observed));
  expect(step?.action).toMatchObject({ type: 'delete', uid: 'uid-of-the-statefulset', orphan: true });
});

test('another major version is no reason to replace pods: that is an upgrade', () => {
  const live = standing(testManifest());
  const target = desiredOf(testManifest({ postgresql: { version: '18' } }), live);
  const observed = testObserved(live, [pods.primary(0), pods.replica(1)], { leader: 'acid-demo-0' });
  expect(whats(target, observed)).toEqual([]);
});

test('what changes in a Secret is written to exactly the version that was looked at, and shown to nobody', () => {
  const manifest = testManifest();
  const objects = standing(manifest).map((desired): Desired => {
    if (desired.object.metadata.name?.startsWith('foo-user.') !== true) return desired;
    const metadata = { ...desired.object.metadata, uid: 'u', resourceVersion: '7' };
    return { ...desired, object: { ...desired.object, metadata } };
  });
  const wanted = desiredOf(manifest, objects).map((desired): Desired => {
    if (desired.object.metadata.name?.startsWith('foo-user.') !== true) return desired;
    const data = { password: 'geheim', dbname: null };
    return { ...desired, change: { what: 'rotate', why: ['it was due'], data, isRotation: true } };
  });
  const planned = planFor(wanted, testObserved(objects));
  expect(stepsOf(planned).map(({ what, disturbs, action }) => [what, disturbs, action])).toEqual([
    [
      'rotate',
      'nothing',
      {
        type: 'patch',
        kind: kinds.secret,
        namespace: 'default',
        name: 'foo-user.acid-demo.credentials.postgresql.acid.zalan.do',
        patch: { metadata: { uid: 'u', resourceVersion: '7' }, data: { password: 'Z2VoZWlt', dbname: null } },
      },
    ],
  ]);
  expect(printPlan(planned)).not.toMatch(/geheim|Z2VoZWlt/);
});
