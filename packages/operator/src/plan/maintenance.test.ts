import type { StatefulSet } from '@pgherd/kube/objects';
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
  const { inputs } = maintenanceOf(manifest, settings, noon, version).origin;
  const status = origin === undefined ? {} : { status: { origin: { inputs, ...origin } } };
  return maintenanceOf({ ...manifest, ...status }, settings, noon, version);
}

/** Both pods are of the old template. */
function planned(written: Written, replica: Partial<TestPod> = {}) {
  const spec = oldTemplate.spec?.template.spec ?? {};
  const pods = [
    testPod({ ordinal: 0, role: 'primary', revision: 'old', spec }),
    testPod({ ordinal: 1, revision: 'old', spec, ...replica }),
  ];
  const observed = testObserved(standing, pods, { leader: 'acid-demo-0' });
  const goal = {
    objects: wanted,
    database: undefined,
    configuration: undefined,
    pods: { roleLabel: 'spilo-role', ignoredAnnotations: [], isLazy: false },
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
