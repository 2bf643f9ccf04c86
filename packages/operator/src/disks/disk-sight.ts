import type { AmazonErrorKind } from '../amazon/amazon-error.ts';
import type { Disk, DiskChange } from './disk.ts';

/** What came of a question to Amazon, or of a change, that failed. */
export interface DiskFailure {
  kind: AmazonErrorKind;
  /** What Amazon said. */
  message: string;
}

/** A change that Amazon did not make. */
export interface DiskRefusal extends DiskFailure {
  change: DiskChange;
  /** Before that it is not asked for again, in milliseconds since 1970. */
  until: number;
}

/** What is known of the disks below a cluster's volumes. */
export interface DiskSight {
  /** Amazon's ids of those that matter now. */
  asked: readonly string[];
  /** By Amazon's id; undefined: Amazon knows none of this id. One that is not here has not been asked for yet. */
  disks: ReadonlyMap<string, Disk | undefined>;
  /** By Amazon's id. */
  refusals: ReadonlyMap<string, DiskRefusal>;
  /** Why Amazon cannot be asked at the moment; absent: it can. */
  failure?: DiskFailure;
}

/** Whether it is the same that is asked for. */
export function isSameChange(one: DiskChange, other: DiskChange): boolean {
  const parts = ['type', 'sizeGiB', 'iops', 'throughput'] as const;
  return parts.every((part) => one[part] === other[part]);
}
