import type { Configuration, Postgresql } from '@pgherd/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { observe } from '../observe/observe.ts';
import { goalOf } from '../reconcile/goal.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
} from '../testing/cluster.ts';
import { World } from '../testing/world.ts';
import { plan } from './plan.ts';
import type { Step, Track } from './step.ts';

/** What an operator may be told: everything that makes objects come and go, or be made again. */
interface Wish {
  spec: Partial<Postgresql['spec']>;
  configuration: Partial<Configuration>;
}

const wishes: fc.Arbitrary<Wish> = fc.record({
  spec: fc
    .record({
      enableConnectionPooler: fc.boolean(),
      enableReplicaConnectionPooler: fc.boolean(),
      enableLogicalBackup: fc.boolean(),
      enableMasterLoadBalancer: fc.boolean(),
      enableReplicaNodePort: fc.boolean(),
      volume: fc.record({ size: fc.constantFrom('1Gi', '2Gi') }),
      users: fc.dictionary(fc.constantFrom('a', 'b_c'), fc.constant<'login'[]>([])),
      podAnnotations: fc.dictionary(fc.constantFrom('x', 'y'), fc.string()),
    })
    .map((spec): Partial<Postgresql['spec']> => spec),
  configuration: fc
    .record({
      enable_pod_disruption_budget: fc.boolean(),
      enable_owner_references: fc.boolean(),
      pod_management_policy: fc.constantFrom('ordered_ready' as const, 'parallel' as const),
      docker_image: fc.constantFrom('one', 'two'),
      pdb_name_format: fc.constantFrom('postgres-{cluster}-pdb', 'budget-{cluster}'),
    })
    .map((configuration): Partial<Configuration> => configuration),
});

/** The steps about objects, for a cluster without pods: none of them has to wait for anybody. */
function tracksFor(world: World, { spec, configuration: changes }: Wish): Track[] {
  const configuration = testConfiguration(changes);
  const named = new Set(Object.keys(changes) as (keyof Configuration)[]);
  const manifest = testManifest(spec);
  const cluster = { namespace: 'default', name: 'acid-demo' };
  const observed = observe(world.source(), configuration, cluster, { databaseFingerprint: undefined });
  const { goal } = goalOf(manifest, { configuration, named }, observed, {
    now: 0,
    newPassword: () => 'password',
  });
  return plan({ ...goal, database: undefined, configuration: undefined }, observed).tracks;
}

function settle(world: World, wish: Wish): void {
  for (let pass = 0; pass < 4; pass += 1) world.carryOut({ tracks: tracksFor(world, wish) });
}

const isMade = ({ action }: Step) => action.type === 'apply' || action.type === 'create';
/** A StatefulSet that is made again leaves its pods; they are what serves. */
const isTakenAway = ({ action }: Step) => action.type === 'delete' && action.orphan !== true;

test('nothing is taken away before everything else of its track stands (for any two wishes)', () => {
  fc.assert(
    fc.property(wishes, wishes, (before, after) => {
      const world = new World();
      settle(world, before);
      for (const { steps } of tracksFor(world, after)) {
        const firstGone = steps.findIndex(isTakenAway);
        const lastMade = steps.findLastIndex(isMade);
        expect(firstGone === -1 || firstGone > lastMade).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test('after its plan nothing is left to do, wherever it began (for any two wishes)', () => {
  fc.assert(
    fc.property(wishes, wishes, (before, after) => {
      const world = new World();
      settle(world, before);
      expect(tracksFor(world, before)).toEqual([]);
      settle(world, after);
      expect(tracksFor(world, after)).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test('a pooler that is turned off goes after what else changes', () => {
  const world = new World();
  settle(world, { spec: { enableConnectionPooler: true }, configuration: {} });
  const off: Wish = {
    spec: { enableConnectionPooler: false, serviceAnnotations: { a: '1' } },
    configuration: {},
  };
  const [objects] = tracksFor(world, off);
  const kindsOfSteps = objects?.steps.map(({ what }) => what.split(' ')[0]).join(' ') ?? '';
  expect(kindsOfSteps).toMatch(/^(update )+(delete )+delete$/);
});

test('a StatefulSet that is made again: its pods are left alone, and the plan says both steps', () => {
  const world = new World();
  const small: Wish = { spec: { volume: { size: '1Gi' } }, configuration: {} };
  settle(world, small);
  const large: Wish = { spec: { volume: { size: '2Gi' } }, configuration: {} };
  const steps = tracksFor(world, large).flatMap((track) => track.steps);
  expect(steps.map(({ what, action, waitFor }) => [what, action.type, waitFor])).toEqual([
    ['delete statefulset acid-demo, its pods keep running', 'delete', undefined],
    [
      'create statefulset acid-demo around its running pods',
      'apply',
      'the old statefulset acid-demo is gone',
    ],
  ]);
  // Killed in between: the next pass sees that it is missing, and makes it.
  world.carryOut({ tracks: tracksFor(world, large) });
  expect(world.get(kinds.statefulSet, 'acid-demo')).toBeUndefined();
  expect(tracksFor(world, large).flatMap((track) => track.steps.map(({ what }) => what))).toEqual([
    'create statefulset acid-demo',
  ]);
});

test('nobody is restarted in the pass in which the primary moves: the next one knows who it is', () => {
  const rendered = (numberOfInstances: number) =>
    render({
      manifest: testManifest({ numberOfInstances }),
      configuration: testConfiguration(),
      remembered: testRemembered(),
    });
  const standing = rendered(2).map((desired) =>
    desired.kind === kinds.statefulSet ? withStatus(desired, 'old') : desired,
  );
  const pending = testPod({ ordinal: 0 });
  const said = JSON.parse(pending.metadata.annotations?.['status'] ?? '{}') as object;
  pending.metadata.annotations = { status: JSON.stringify({ ...said, pending_restart: true }) };
  const observed = testObserved(standing, [pending, testPod({ ordinal: 1, role: 'primary' })], {
    leader: 'acid-demo-1',
    configuration: {},
  });
  const goal = {
    objects: rendered(1),
    database: undefined,
    configuration: { wanted: {}, applied: [], version: '17' },
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  const lines = plan(goal, observed).tracks.flatMap(({ name, steps }) =>
    name === 'pods' || name === 'configuration' ? [[steps[0]?.what, steps[0]?.waitFor]] : [],
  );
  expect(lines).toEqual([
    ['switch over from acid-demo-1 to acid-demo-0', undefined],
    ['restart PostgreSQL of acid-demo-0', 'the primary has moved'],
  ]);
});
