import { parseQuantity, type Configuration, type Postgresql } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { dataClaims, type DataClaim } from '../volumes/data-claims.ts';

/** What the disks of a cluster should be; everything that is left out stays as it is. */
export interface DiskGoal {
  /** `ebs`: disk and file system grow below the claims; `mixed`: other properties than the size. */
  mode: 'ebs' | 'mixed';
  /** `spec.volume.size` in bytes. */
  bytes: number;
  type?: string;
  iops?: number;
  throughput?: number;
  /** Disks of the type gp2 that are smaller become gp3, in GB. */
  gp3Below?: number;
  /** Members; claims of others are left alone. */
  members: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** From these on Zalando's operator hands them on. */
export const leastIops = 3000;
export const leastThroughput = 125;

const GiB = 1024 ** 3;

/** Undefined when nothing is to be asked of Amazon. */
export function diskGoal(
  { spec: { volume, numberOfInstances } }: Postgresql,
  configuration: Configuration,
  observed: Pick<Observed, 'members'>,
  now: number,
): DiskGoal | undefined {
  const { storage_resize_mode: mode } = configuration;
  const bytes = parseQuantity(volume.size) ?? 0;
  const members = Math.max(numberOfInstances, observed.members.length);
  if (mode === 'ebs') return { mode, bytes, members, now };
  if (mode !== 'mixed') return undefined;
  const { type = '', iops = 0, throughput = 0 } = volume;
  const parts = {
    ...(type === '' ? {} : { type }),
    ...(iops >= leastIops ? { iops } : {}),
    ...(throughput >= leastThroughput ? { throughput } : {}),
    ...(type === '' && configuration.enable_ebs_gp3_migration
      ? { gp3Below: configuration.enable_ebs_gp3_migration_max_size }
      : {}),
  };
  return Object.keys(parts).length === 0 ? undefined : { mode, bytes, ...parts, members, now };
}

/** Whole GiB, as disks are sold: never less than what is asked for. */
export function toGiB(bytes: number): number {
  return Math.ceil(bytes / GiB);
}

/** A claim with the disk that is below it. */
export interface ClaimOnDisk extends DataClaim {
  /** Amazon's id. */
  disk: string;
}

/** The claims that Amazon is to be asked about, with the ids of their disks. */
export function claimsOnDisks(goal: DiskGoal | undefined, observed: Observed): ClaimOnDisk[] {
  if (goal === undefined) return [];
  return dataClaims(observed).flatMap((claim) => {
    const disk = observed.volumes?.get(claim.name)?.disk;
    const isConcerned =
      claim.ordinal < goal.members &&
      (goal.mode === 'mixed' || toGiB(goal.bytes) > toGiB(claim.capacity?.bytes ?? Infinity));
    return disk !== undefined && isConcerned ? [{ ...claim, disk }] : [];
  });
}
