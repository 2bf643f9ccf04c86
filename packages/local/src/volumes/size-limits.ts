import { existsSync, readFileSync } from 'node:fs';
import { findProgram } from '../engine/probe-host.ts';

/** Whether volumes of this machine can have a size that is really their limit; if not, why and what to do. */
export type SizeLimits = { enforced: true } | { enforced: false; why: string };

/** Annotation of a volume whose size is its limit, with how that is done; and of a StorageClass, with whether it is so. */
export const SIZE_LIMIT = 'pgherd.dev/size-limit';

/** The programs that a volume in a loop file needs, and the Debian package of each. */
const PROGRAMS = [
  ['mkfs.xfs', 'xfsprogs'],
  ['xfs_growfs', 'xfsprogs'],
  ['losetup', 'mount'],
  ['mount', 'mount'],
  ['umount', 'mount'],
] as const;

/** Looks for what XFS in loop files needs. Changes nothing; mounting may still fail, and the pod's event says so then. */
export function sizeLimits(): SizeLimits {
  const not = (why: string): SizeLimits => ({ enforced: false, why });
  const missing = PROGRAMS.find(([program]) => findProgram(program) === undefined);
  if (missing !== undefined) {
    return not(
      `the program ${missing[0]} was not found: install ${missing[1]} (apt-get install ${missing[1]})`,
    );
  }
  if (process.getuid?.() !== 0) return not('this user is not root, and only root can mount files');
  if (!existsSync('/dev/loop-control')) {
    return not('there is no /dev/loop-control: load the kernel’s module loop (modprobe loop)');
  }
  if (!/^\s*xfs$/m.test(readFileSync('/proc/filesystems', 'utf8'))) {
    return not('the kernel has no file system xfs: load its module (modprobe xfs)');
  }
  return { enforced: true };
}
