import type { Configuration, Postgresql } from '@pgherd/api';
import type { PersistentVolume, PersistentVolumeClaim } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import type { Disk, Modification } from '../disks/disk.ts';
import type { DiskSight } from '../disks/disk-sight.ts';
import { diskTroubles } from '../disks/troubles.ts';
import { observeVolumes } from '../observe/backing-volumes.ts';
import type { Observed } from '../observe/observed.ts';
import { goalOf } from '../reconcile/goal.ts';
import { volumeNotices } from '../reconcile/volume-notices.ts';
import { testClaim, type TestClaim } from '../testing/claims.ts';
import { testConfiguration, testManifest, testObserved, testPod } from '../testing/cluster.ts';
import { isAllPostponed, postponedUntil } from './maintenance.ts';
import { plan } from './plan.ts';

const now = Date.parse('2030-06-01T12:00:00Z');
const hour = 3_600_000;

const gp2: Disk = {
  id: 'vol-0',
  type: 'gp2',
  sizeGiB: 1,
  iops: 100,
  throughput: undefined,
  modification: undefined,
};
const gp3: Disk = { ...gp2, type: 'gp3', iops: 3000, throughput: 125 };

/** A cluster of one member, as far as it differs from one on a disk of 1 GiB. */
interface Case {
  volume?: Partial<Postgresql['spec']['volume']>;
  configuration?: Partial<Configuration>;
  claim?: TestClaim;
  /** What the volume says. */
  capacity?: string;
  /** Nobody may look at volumes. */
  isHidden?: true;
  source?: object;
  disk?: Disk;
  /** Amazon has not been asked yet. */
  isUnknown?: true;
  sight?: Partial<DiskSight>;
}

function observedOf({ claim, capacity = '1Gi', isHidden, source, disk, isUnknown, sight }: Case): Observed {
  const { kind, object } = testClaim(claim);
  Object.assign((object as PersistentVolumeClaim).spec ?? {}, { volumeName: 'pv-0' });
  const observed = testObserved([{ kind, object }], [testPod({ ordinal: 0, role: 'primary' })], {
    leader: 'acid-demo-0',
  });
  const spec = source ?? { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-0' } };
  const volume = {
    metadata: { name: 'pv-0', uid: 'uid-of-the-volume', resourceVersion: '7' },
    spec: { capacity: { storage: capacity }, ...spec },
  } as PersistentVolume;
  const volumes = observeVolumes(
    {
      get: () => undefined,
      ofCluster: () => [],
      volume: () => (isHidden === true ? 'hidden' : volume),
    },
    observed.objects,
  );
  const disks: DiskSight = {
    asked: ['vol-0'],
    disks: isUnknown === true ? new Map() : new Map([['vol-0', disk]]),
    refusals: new Map(),
    ...sight,
  };
  return { ...observed, ...volumes, disks };
}

function planned(given: Case) {
  const configuration = testConfiguration({ storage_resize_mode: 'mixed', ...given.configuration });
  const manifest = testManifest({ numberOfInstances: 1, volume: { size: '1Gi', ...given.volume } });
  const observed = observedOf(given);
  const settings = { configuration, named: new Set<never>() };
  const { goal } = goalOf(manifest, settings, observed, { now, newPassword: () => 'new' });
  const { tracks } = plan(goal, observed);
  const left = { tracks: tracks.filter(({ name }) => name === 'volumes') };
  return {
    left,
    steps: left.tracks.flatMap(({ steps }) =>
      steps.map(({ what, why, waitFor }) => [
        what,
        why.join(', '),
        ...(waitFor === undefined ? [] : [waitFor]),
      ]),
    ),
    notices: volumeNotices(manifest, configuration, observed).map(
      ({ field, message }) => `${field}: ${message}`,
    ),
    troubles: diskTroubles(observed).map(({ reason }) => reason),
  };
}

const changed = (modification: Partial<Modification>): Modification => ({
  state: 'completed',
  target: gp3,
  startedAt: now - 7 * hour,
  ...modification,
});

test.each<[string, Case, string[]]>([
  ['nothing is named', { disk: gp2 }, []],
  ['type', { volume: { type: 'gp3' }, disk: gp2 }, ['type: gp2 → gp3']],
  [
    'all at once, with the size',
    { volume: { type: 'gp3', iops: 6000, throughput: 250, size: '3Gi' }, disk: gp2 },
    ['type: gp2 → gp3, iops: 100 → 6000, throughput: none → 250 MiB/s, size: 1 → 3 GiB'],
  ],
  ['what is so already', { volume: { type: 'gp3', iops: 3000, throughput: 125 }, disk: gp3 }, []],
  ['throughput alone', { volume: { throughput: 300 }, disk: gp3 }, ['throughput: 125 → 300 MiB/s']],
  ['less than Zalando hands on', { volume: { iops: 2999, throughput: 124 }, disk: gp3 }, []],
  ['a type that does not let one choose', { volume: { iops: 4000, throughput: 300 }, disk: gp2 }, []],
  [
    'a type that lets one choose one of them',
    { volume: { type: 'io2', iops: 4000, throughput: 300 }, disk: gp2 },
    ['type: gp2 → io2, iops: 100 → 4000'],
  ],
  [
    'what another type would not have by itself, although the disk has as much now',
    { volume: { type: 'gp3', iops: 12_000 }, disk: { ...gp2, sizeGiB: 4000, iops: 12_000 } },
    ['type: gp2 → gp3, iops: 12000 → 12000'],
  ],
  ['another mode', { configuration: { storage_resize_mode: 'pvc' }, volume: { type: 'gp3' }, disk: gp2 }, []],
  [
    'what is on its way',
    { volume: { type: 'gp3' }, disk: { ...gp2, modification: changed({ state: 'modifying' }) } },
    [],
  ],
  ['a disk that Amazon does not know', { volume: { type: 'gp3' } }, []],
])('mixed: %s', (_name, given, why) => {
  const steps = planned(given).steps.filter(([what]) => what?.startsWith('modify'));
  expect(steps).toEqual(why.map((each) => ['modify disk vol-0 of pgdata-acid-demo-0', each]));
});

test('growth alone is left to the claim; a change of the disk comes before it', () => {
  expect(planned({ volume: { size: '2Gi', type: 'gp3' }, disk: gp3 }).steps.map(([what]) => what)).toEqual([
    'grow persistentvolumeclaim pgdata-acid-demo-0 to 2Gi',
  ]);
  const { left } = planned({ volume: { size: '2Gi', type: 'gp3' }, disk: gp2 });
  expect(left.tracks.map(({ steps }) => steps[0]?.action.type)).toEqual(['disk', 'patch']);
});

test('a claim does not grow before the disk below it is known, unless Amazon cannot be asked', () => {
  const volume = { size: '2Gi', type: 'gp3' };
  expect(planned({ volume, isUnknown: true }).steps).toEqual([
    [
      'grow persistentvolumeclaim pgdata-acid-demo-0 to 2Gi',
      'spec.volume.size: 1Gi → 2Gi',
      'Amazon has said what disk is below it',
    ],
  ]);
  const failure = { kind: 'denied', message: 'no' } as const;
  const { steps, troubles } = planned({ volume, isUnknown: true, sight: { failure } });
  expect(steps.map(({ length }) => length)).toEqual([2]);
  expect(troubles).toEqual(['AmazonDenies']);
});

test.each<[string, Case, string[]]>([
  ['a small one', { disk: gp2 }, ['type: gp2 → gp3']],
  ['one at the limit', { disk: { ...gp2, sizeGiB: 1000 } }, []],
  [
    'one below another limit',
    { disk: { ...gp2, sizeGiB: 1000 }, configuration: { enable_ebs_gp3_migration_max_size: 1001 } },
    ['type: gp2 → gp3'],
  ],
  ['another type', { disk: { ...gp2, type: 'st1' } }, []],
  ['one whose type the manifest names', { disk: gp2, volume: { type: 'gp2' } }, []],
  ['another mode', { disk: gp2, configuration: { storage_resize_mode: 'pvc' } }, []],
])('enable_ebs_gp3_migration: %s', (_name, given, why) => {
  const configuration = { enable_ebs_gp3_migration: true, ...given.configuration };
  expect(planned({ ...given, configuration }).steps.map(([, reasons]) => reasons)).toEqual(why);
});

test('a change waits until the one before is over, and six hours after one that failed; the cluster counts as running', () => {
  const volume = { type: 'gp3' };
  const since = (modification: Partial<Modification>) =>
    planned({ volume, disk: { ...gp2, modification: changed({ target: gp2, ...modification }) } });
  expect(since({ startedAt: now - 1 }).steps.map(({ length }) => length)).toEqual([2]);
  const optimizing = since({ state: 'optimizing' });
  expect(optimizing.steps[0]?.[2]).toBe('the change of vol-0 that is on its way is over (optimizing)');
  expect(isAllPostponed(optimizing.left)).toBe(true);
  const failed = since({ state: 'failed', message: 'no room', startedAt: now - hour });
  expect(failed.steps[0]?.[2]).toBe(
    'Amazon is asked again at 2030-06-01 17:00 UTC: the last change of vol-0 failed: no room',
  );
  expect(postponedUntil(failed.left)).toBe(now + 5 * hour);
  expect(since({ state: 'failed', startedAt: now - 7 * hour }).steps[0]).toHaveLength(2);
});

test('what Amazon refused is asked for again later, and something else at once', () => {
  const refusals = (kind: 'denied' | 'cooling') =>
    new Map([['vol-0', { kind, message: 'no', change: { type: 'gp3' }, until: now + hour }]]);
  const tried = (type: string, kind: 'denied' | 'cooling') =>
    planned({ volume: { type }, disk: gp2, sight: { refusals: refusals(kind) } });
  expect(tried('gp3', 'denied').steps[0]?.[2]).toBe('Amazon is asked again at 2030-06-01 13:00 UTC');
  expect(tried('gp3', 'denied').troubles).toEqual(['AmazonDenies']);
  expect(tried('io2', 'denied').steps[0]).toHaveLength(2);
  expect(tried('io2', 'cooling').steps[0]?.[2]).toBe('Amazon is asked again at 2030-06-01 13:00 UTC: no');
  expect(tried('io2', 'cooling').troubles).toEqual([]);
});

const ebs = (given: Case) => planned({ configuration: { storage_resize_mode: 'ebs' }, ...given });

test('ebs: the disk grows, then the file system, then the volume says so; the claim stays', () => {
  const volume = { size: '1500Mi', type: 'gp3' };
  expect(ebs({ volume, disk: gp2 }).steps).toEqual([
    ['modify disk vol-0 of pgdata-acid-demo-0', 'size: 1 → 2 GiB'],
    ['grow the file system of acid-demo-0', 'spec.volume.size: 1Gi → 2Gi', 'Amazon has made vol-0 larger'],
    ['set the capacity of persistentvolume pv-0 to 2Gi', 'spec.volume.size: 1Gi → 2Gi'],
  ]);
  const modification = changed({ state: 'optimizing', target: { ...gp2, sizeGiB: 2 } });
  expect(ebs({ volume, disk: { ...gp2, modification } }).steps).toEqual([
    ['grow the file system of acid-demo-0', 'spec.volume.size: 1Gi → 2Gi'],
    ['set the capacity of persistentvolume pv-0 to 2Gi', 'spec.volume.size: 1Gi → 2Gi'],
  ]);
  const modifying = { ...modification, state: 'modifying' };
  expect(ebs({ volume, disk: { ...gp2, modification: modifying } }).steps[0]?.[2]).toBe(
    'Amazon has made vol-0 larger',
  );
  expect(ebs({ volume, disk: { ...gp2, sizeGiB: 2 }, capacity: '2Gi' }).steps).toEqual([]);
  expect(ebs({ volume: { size: '500Mi' }, disk: gp2 }).steps).toEqual([]);
});

test('ebs: a size that has grown below the claim is what is told', () => {
  expect(ebs({ volume: { size: '1500Mi' }, disk: { ...gp2, sizeGiB: 2 }, capacity: '2Gi' }).notices).toEqual(
    [],
  );
  expect(ebs({ volume: { size: '1Gi' }, disk: { ...gp2, sizeGiB: 2 }, capacity: '2Gi' }).notices).toEqual([
    expect.stringContaining('pgdata-acid-demo-0 (2Gi) stay as they are, because volumes never shrink'),
  ]);
});

test.each<[string, Case, string[]]>([
  [
    'numbers that are too small',
    { volume: { iops: 100, throughput: 10 } },
    ['spec.volume.iops: 100 is not handed on', 'spec.volume.throughput: 10 is not handed on'],
  ],
  [
    'numbers that the type does not have',
    { volume: { type: 'gp2', iops: 3000, throughput: 125 } },
    [
      'spec.volume.iops: disks of the type gp2 do not',
      'spec.volume.throughput: disks of the type gp2 do not',
    ],
  ],
  [
    'another mode',
    { volume: { type: 'gp3' }, configuration: { storage_resize_mode: 'pvc' } },
    ['spec.volume.type: nothing comes of it, because storage_resize_mode is pvc'],
  ],
  [
    'volumes that nobody may see',
    { volume: { type: 'gp3' }, isHidden: true },
    ['spec.volume.type: the disks of pgdata-acid-demo-0 are not known'],
  ],
  [
    "volumes that are none of Amazon's",
    {
      volume: { size: '2Gi' },
      source: { hostPath: { path: '/x' } },
      configuration: { storage_resize_mode: 'ebs' },
    },
    ['spec.volume.size: pgdata-acid-demo-0 stay as they are'],
  ],
])('told: %s', (_name, given, notices) => {
  expect(planned({ disk: gp2, ...given }).notices).toEqual(
    notices.map((each) => expect.stringContaining(each)),
  );
});

test('what is wrong: a disk that Amazon does not know, and an API that does not answer before the first time', () => {
  const volume = { type: 'gp3' };
  expect(planned({ volume }).troubles).toEqual(['DiskUnknown']);
  const failure = { kind: 'unreachable', message: 'no answer' } as const;
  expect(planned({ volume, disk: gp3, sight: { failure } }).troubles).toEqual([]);
  expect(planned({ volume, isUnknown: true, sight: { failure } }).troubles).toEqual(['AmazonUnreachable']);
});
