import { expect, test } from 'vitest';
import { volumeIdOf } from './volume-id.ts';

const idOf = (spec: object) => volumeIdOf({ metadata: {}, spec });

test.each([
  [{ csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-0a1b' } }, 'vol-0a1b'],
  [{ awsElasticBlockStore: { volumeID: 'vol-0a1b' } }, 'vol-0a1b'],
  [{ awsElasticBlockStore: { volumeID: 'aws://eu-central-1b/vol-0a1b' } }, 'vol-0a1b'],
  [{ awsElasticBlockStore: { volumeID: 'aws:///vol-0a1b' } }, 'vol-0a1b'],
  [{ awsElasticBlockStore: { volumeID: 'disk-0a1b' } }, undefined],
  [{ csi: { driver: 'pd.csi.storage.gke.io', volumeHandle: 'vol-0a1b' } }, undefined],
  [{ csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-0a1b&Action=DeleteVolume' } }, undefined],
  [{ hostPath: { path: '/vol-0a1b' } }, undefined],
])('%j', (spec, id) => {
  expect(idOf(spec)).toBe(id);
});
