import type { Configuration } from '@pgherd/api';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { goalOf } from '../reconcile/goal.ts';
import { volumeNotices } from '../reconcile/volume-notices.ts';
import { testClaim } from '../testing/claims.ts';
import { testConfiguration, testManifest, testObserved } from '../testing/cluster.ts';
import { planVolumes } from './volumes.ts';

const two = [testClaim(), testClaim({ ordinal: 1 })];
const whats = (size: string, claims = two) =>
  planVolumes({ size }, testObserved(claims)).map(({ steps }) =>
    steps.map(({ what, waitFor }) => (waitFor === undefined ? what : `${what}, waits until ${waitFor}`)),
  );

test('a larger size grows every claim, each by itself, and nobody has to run for it', () => {
  expect(whats('2Gi')).toEqual([
    ['grow persistentvolumeclaim pgdata-acid-demo-0 to 2Gi'],
    ['grow persistentvolumeclaim pgdata-acid-demo-1 to 2Gi'],
  ]);
  const [track] = planVolumes({ size: '2Gi' }, testObserved([testClaim()]));
  expect(track?.steps[0]).toMatchObject({
    why: ['spec.volume.size: 1Gi → 2Gi'],
    disturbs: 'nothing',
    action: {
      type: 'patch',
      kind: kinds.claim,
      name: 'pgdata-acid-demo-0',
      patch: {
        metadata: { uid: 'uid-of-claim-0', resourceVersion: '1' },
        spec: { resources: { requests: { storage: '2Gi' } } },
      },
    },
  });
});

test('sizes are compared by the byte, and the same size in other words is none', () => {
  expect(whats('1024Mi')).toEqual([]);
  expect(whats('1025Mi')).toHaveLength(2);
});

test('nothing shrinks, and one that asked already is not asked again', () => {
  expect(whats('500Mi')).toEqual([]);
  expect(whats('2Gi', [testClaim({ asks: '2Gi', has: '1Gi' })])).toEqual([]);
});

test('a claim that is not bound is waited for; one on its way out, or of another cluster, is left alone', () => {
  expect(whats('2Gi', [testClaim({ has: undefined })])).toEqual([
    [
      'grow persistentvolumeclaim pgdata-acid-demo-0 to 2Gi, waits until persistentvolumeclaim pgdata-acid-demo-0 is bound',
    ],
  ]);
  const foreign = testClaim();
  foreign.object.metadata.name = 'pgdata-acid-demo-x-0';
  expect(whats('2Gi', [testClaim({ deleting: true }), foreign])).toEqual([]);
});

test('of two reasons to grow the larger size counts, with what is noted with it', () => {
  const growths = new Map([
    ['pgdata-acid-demo-0', { size: '3Gi', why: 'it is full', annotations: { a: 'b' } }],
    ['pgdata-acid-demo-1', { size: '1500Mi', why: 'it is full' }],
  ]);
  const steps = planVolumes({ size: '2Gi', growths }, testObserved(two)).flatMap((track) => track.steps);
  expect(steps.map(({ why }) => why)).toEqual([['it is full'], ['spec.volume.size: 1Gi → 2Gi']]);
  expect(steps[0]?.action).toMatchObject({ patch: { metadata: { annotations: { a: 'b' } } } });
});

const modes = (mode: Configuration['storage_resize_mode'], size: string) => {
  const configuration = testConfiguration({ storage_resize_mode: mode });
  const manifest = testManifest({ volume: { size } });
  const observed = testObserved(two);
  const settings = { configuration, named: new Set<never>() };
  const { goal } = goalOf(manifest, settings, observed, { now: 0, newPassword: () => 'new' });
  return {
    steps: planVolumes(goal.volumes, observed).length,
    notices: volumeNotices(manifest, configuration, observed).map(({ message }) => message),
  };
};

test('storage_resize_mode says whether claims grow', () => {
  expect(modes('pvc', '2Gi')).toEqual({ steps: 2, notices: [] });
  expect(modes('mixed', '2Gi')).toEqual({ steps: 2, notices: [] });
  expect(modes('off', '2Gi')).toEqual({
    steps: 0,
    notices: [
      'pgdata-acid-demo-0 (1Gi), pgdata-acid-demo-1 (1Gi) stay as they are, because storage_resize_mode is off.',
    ],
  });
});

test('with Amazon alone claims stay', () => {
  expect(modes('ebs', '2Gi').steps).toBe(0);
});

test('a smaller size is told: volumes stay, new members would be too small', () => {
  expect(modes('pvc', '500Mi')).toEqual({
    steps: 0,
    notices: [
      'pgdata-acid-demo-0 (1Gi), pgdata-acid-demo-1 (1Gi) stay as they are, because volumes never shrink; ' +
        'new members would get 500Mi: set it to the largest of them.',
    ],
  });
});
