import type { PersistentVolume } from '@pgherd/kube/objects';

const driver = 'ebs.csi.aws.com';

/**
 * Amazon's id of the disk below a volume (`vol-…`); undefined when it is none of Amazon's. It stands in the handle of the
 * CSI driver, or in a volume of the time before it (`vol-…` or `aws://ZONE/vol-…`), which stays as it is when the driver
 * looks after it.
 */
export function volumeIdOf({ spec }: PersistentVolume): string | undefined {
  const name = spec?.csi?.driver === driver ? spec.csi.volumeHandle : spec?.awsElasticBlockStore?.volumeID;
  return /(?:^|^aws:\/\/[^/]*\/)(vol-[\da-z]+)$/i.exec(name ?? '')?.[1];
}
