/** What can be asked of a disk of Amazon's. */
export interface DiskShape {
  /** Amazon's word for the kind of disk, e.g. `gp3`. */
  type: string;
  sizeGiB: number;
  /** Operations a second; undefined for kinds that have no such number. */
  iops: number | undefined;
  /** MiB a second; undefined for kinds that have no such number. */
  throughput: number | undefined;
}

/** Parts of a disk that are to become others. */
export type DiskChange = Partial<{ [Part in keyof DiskShape]: NonNullable<DiskShape[Part]> }>;

/** The last change of a disk. */
export interface Modification {
  /** `modifying`: on its way; `optimizing`: in force, and the disk is slower for hours; `completed`; `failed`. */
  state: string;
  /** What it makes of the disk. */
  target: DiskShape;
  /** In milliseconds since 1970. */
  startedAt: number;
  /** Why it failed. */
  message?: string;
}

/** A disk of Amazon's (EBS). */
export interface Disk extends DiskShape {
  /** `vol-…` */
  id: string;
  /** Undefined when it has not been changed for long. */
  modification: Modification | undefined;
}

/** Whether a change is on its way; only when it is not any more, or only optimizes, the disk has its new size. */
export function isChanging({ modification }: Disk): boolean {
  return modification?.state === 'modifying' || modification?.state === 'optimizing';
}

/** What the disk is, or becomes by the change that is on its way. */
export function shapeOf(disk: Disk): DiskShape {
  const { modification } = disk;
  return modification !== undefined && isChanging(disk) ? modification.target : disk;
}
