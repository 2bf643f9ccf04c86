import type { Deployment, Pod, StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { maintenanceOf } from '../maintenance/maintenance.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
  type TestPod,
} from '../testing/cluster.ts';
import { testPooler } from '../testing/pooler.ts';
import { isAllPostponed, postponedSteps, postponedUntil } from './maintenance.ts';
import { plan } from './plan.ts';

/** `spec.maintenanceWindows`, `maintenance_windows`, `enable_maintenance_windows`; a Saturday, noon. */
const noon = Date.parse('2030-06-01T12:00:00Z');

function world(image: string) {
  const manifest = testManifest({ numberOfInstances: 2, dockerImage: image });
  return render({ manifest, configuration: testConfiguration(), remembered: testRemembered() });
}

const wanted = world('new');
const standing = wanted.map((desired) =>
  desired.kind === kinds.statefulSet ? withStatus(desired, 'new') : desired,
);
const oldTemplate = world('old').find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet;

interface Written {
  windows?: string[];
  configuration?: Parameters<typeof testConfiguration>[0];
  annotations?: Record<string, string>;
  /** What the cluster was made from before. */
  origin?: { version: string; inputs?: string };
  version?: string;
}

function maintenance({ windows, configuration = {}, annotations = {}, origin, version = '2' }: Written) {
  const bare = testManifest(windows === undefined ? {} : { maintenanceWindows: windows });
  const manifest = { ...bare, metadata: { ...bare.metadata, annotations } };
  const settings = { configuration: testConfiguration(configuration), named: new Set<never>() };
  const { inputs } = maintenanceOf(manifest, settings, { now: noon, version }).origin;
  const status = origin === undefined ? {} : { status: { origin: { inputs, ...origin } } };
  return maintenanceOf({ ...manifest, ...status }, settings, { now: noon, version });
}

const fingerprint = (facts: Partial<Parameters<typeof maintenanceOf>[2]>, spec = {}): string =>
  maintenanceOf(
    testManifest(spec),
    { configuration: testConfiguration({}), named: new Set<never>() },
    { now: noon, version: '1', ...facts },
  ).origin.inputs;

test('variables that all pods get are what somebody wrote: a change there is not the new operator’s', () => {
  const environment = (values: Record<string, string>, secretKeys: string[] = []) =>
    fingerprint({ podEnvironment: { values, secretKeys, unfit: [] } });
  const before = environment({ A: '1', B: '2' });
  expect(environment({ B: '2', A: '1' })).toBe(before);
  expect(environment({ A: '1', B: '3' })).not.toBe(before);
  expect(environment({ A: '1', B: '2' }, ['C'])).not.toBe(before);
  expect(fingerprint({})).not.toBe(before);
});

test('the manifest counts as it was written, not as this version of the operator reads it', () => {
  const written = { ...testManifest({}).spec, useLoadBalancer: true };
  const read = (spec: object) => fingerprint({ written }, spec);
  expect(read({ enableMasterLoadBalancer: true })).toBe(read({ enableMasterLoadBalancer: false }));
  expect(fingerprint({ written })).not.toBe(fingerprint({}));
});

/** Both pods are of the old template. */
function planned(written: Written, replica: Partial<TestPod> = {}, primary: Partial<TestPod> = {}) {
  const spec = oldTemplate.spec?.template.spec ?? {};
  const pods = [
    testPod({ ordinal: 0, role: 'primary', revision: 'old', spec, ...primary }),
    testPod({ ordinal: 1, revision: 'old', spec, ...replica }),
  ];
  const observed = testObserved(standing, pods, { leader: 'acid-demo-0' });
  const goal = {
    objects: wanted,
    database: undefined,
    configuration: undefined,
    pods: { ignoredAnnotations: [], isLazy: false },
    maintenance: maintenance(written),
  };
  return plan(goal, observed);
}

const saturdayNight = ['Sat:02:00-04:00'];
const now = ['Sat:11:00-13:00'];

test.each<[string, Written]>([
  ['there are no windows', {}],
  ['one is open', { windows: now }],
  ['one of the operator is open', { configuration: { maintenance_windows: now } }],
  [
    'windows are switched off',
    { windows: saturdayNight, configuration: { enable_maintenance_windows: false } },
  ],
  [
    'the manifest says other times than the operator',
    { windows: now, configuration: { maintenance_windows: saturdayNight } },
  ],
  [
    'somebody wants it now',
    { windows: saturdayNight, annotations: { 'pgherd.dev/maintenance-until': '2030-06-01T12:30:00Z' } },
  ],
  ['only the manifest is new', { origin: { version: '2', inputs: 'others' } }],
  ['the operator and the manifest are new', { origin: { version: '1', inputs: 'others' } }],
  ['a new operator has a window', { windows: now, origin: { version: '1' } }],
])('pods are replaced at once when %s', (_name, written) => {
  const left = planned(written);
  expect(postponedSteps(left)).toEqual([]);
  expect(isAllPostponed(left)).toBe(false);
});

test.each<[string, Written]>([
  ['the manifest', { windows: saturdayNight }],
  ['the operator', { configuration: { maintenance_windows: saturdayNight } }],
  [
    'the manifest, and what somebody wanted is over',
    { windows: saturdayNight, annotations: { 'pgherd.dev/maintenance-until': '2030-06-01T11:59:59Z' } },
  ],
])('they wait for a window of %s', (_name, written) => {
  const left = planned(written);
  expect(postponedSteps(left).map(({ what }) => what)).toEqual([
    'replace pod acid-demo-1',
    'switch over from acid-demo-0 to acid-demo-1',
    'replace pod acid-demo-0',
  ]);
  expect(isAllPostponed(left)).toBe(true);
  expect(postponedUntil(left)).toBe(Date.parse('2030-06-08T02:00:00Z'));
  expect(postponedSteps(left)[0]?.waitFor).toBe(
    'the maintenance window opens at 2030-06-08 02:00 UTC (pgherd maintenance acid-demo --now does not wait)',
  );
});

test('what is broken is repaired at any time', () => {
  const left = planned({ windows: saturdayNight }, { running: false, streaming: false });
  const [first] = left.tracks.find(({ name }) => name === 'pods')?.steps ?? [];
  expect(first).toMatchObject({ what: 'replace pod acid-demo-1' });
  expect(first).not.toHaveProperty('waitFor');
});

test('so is a primary that Services do not lead to', () => {
  const left = planned({ windows: saturdayNight }, { revision: 'new' }, { sidecarCrashes: true });
  const [first] = left.tracks.find(({ name }) => name === 'pods')?.steps ?? [];
  expect(first).toMatchObject({ what: 'switch over from acid-demo-0 to acid-demo-1' });
  expect(first).not.toHaveProperty('waitFor');
});

test('a replica that cannot replay what the primary writes is restarted at any time', () => {
  const waiting = (ordinal: number, role: TestPod['role']) => {
    const pod = testPod({ ordinal, ...(role === undefined ? {} : { role }) });
    const said = JSON.parse(pod.metadata.annotations?.['status'] ?? '{}') as object;
    const reason = { max_connections: { old_value: '100', new_value: '200' } };
    const status = { ...said, pending_restart: true, pending_restart_reason: reason };
    return { ...pod, metadata: { ...pod.metadata, annotations: { status: JSON.stringify(status) } } };
  };
  const restarts = (primary: Pod) => {
    const observed = testObserved([], [primary, waiting(1, 'replica')], {
      leader: 'acid-demo-0',
      configuration: {},
    });
    const left = plan(
      {
        objects: [],
        database: undefined,
        configuration: { wanted: {}, applied: [], version: '17' },
        pods: { ignoredAnnotations: [], isLazy: false },
        maintenance: maintenance({ windows: saturdayNight }),
      },
      observed,
    );
    return left.tracks[0]?.steps.map(({ what, postponed }) => [what, postponed !== undefined]);
  };
  const of = (ordinal: number) => `restart PostgreSQL of acid-demo-${ordinal}`;
  expect(restarts(testPod({ ordinal: 0, role: 'primary' }))).toEqual([[of(1), false]]);
  expect(restarts(waiting(0, 'primary'))).toEqual([
    [of(1), true],
    [of(0), true],
  ]);
});

test('a replica is rebuilt while a handover waits for a window', () => {
  const pods = [
    testPod({ ordinal: 0, streaming: false, state: 'running' }),
    testPod({ ordinal: 1 }),
    testPod({ ordinal: 2, role: 'primary' }),
  ];
  const three = standing.map((desired) => {
    if (desired.kind !== kinds.statefulSet) return desired;
    const object = structuredClone(desired.object) as StatefulSet;
    if (object.spec !== undefined) object.spec.replicas = 3;
    return { ...desired, object };
  });
  const observed = testObserved(three, pods, { leader: 'acid-demo-2' });
  const idle = new Map([['acid-demo-0', { since: 0, mark: '' }]]);
  const whats = (windows: string[]) =>
    plan(
      {
        objects: wanted,
        database: undefined,
        configuration: undefined,
        pods: { ignoredAnnotations: [], isLazy: false },
        healing: { idle, patienceMs: 1, now: noon },
        maintenance: maintenance({ windows }),
      },
      observed,
    ).tracks.flatMap(({ name, steps }) => (name === 'pods' || name === 'replicas' ? [steps[0]?.what] : []));
  const handover = 'switch over from acid-demo-2 to acid-demo-1';
  expect(whats(saturdayNight)).toEqual([handover, 'rebuild replica acid-demo-0 from acid-demo-2']);
  expect(whats(now)).toEqual([handover]);
});

test('a new version of the operator restarts nothing by itself', () => {
  const left = planned({ origin: { version: '1' } });
  expect(isAllPostponed(left)).toBe(true);
  expect(postponedUntil(left)).toBeUndefined();
  expect(postponedSteps(left)[0]?.waitFor).toContain('the new version of the operator (1 → 2)');
});

test('with windows it waits for the next one', () => {
  const left = planned({ windows: saturdayNight, origin: { version: '1' } });
  expect(postponedUntil(left)).toBe(Date.parse('2030-06-08T02:00:00Z'));
});

test.each([
  [1, true],
  [0, false],
])('a pooler of which %s pods serve waits for a window: %s', (availableReplicas, waits) => {
  const live = testPooler({ name: 'acid-demo-pooler' });
  const status = { observedGeneration: 1, availableReplicas };
  const object: Deployment = { ...(live.object as Deployment), status };
  const observed = testObserved([{ ...live, object }]);
  const left = plan(
    {
      objects: [testPooler({ name: 'acid-demo-pooler', image: 'localhost/pgherd/pooler:mended' })],
      database: undefined,
      configuration: undefined,
      pods: { ignoredAnnotations: [], isLazy: false },
      maintenance: maintenance({ windows: saturdayNight }),
    },
    observed,
  );
  const [step] = left.tracks.flatMap(({ steps }) => steps);
  expect(step?.disturbs).toBe('restart');
  expect(step?.postponed !== undefined).toBe(waits);
});
