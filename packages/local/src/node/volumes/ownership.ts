import { chmod, chown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const READ_WRITE = 0o660;
const SET_GID = 0o2000;
const EXECUTE = 0o110;

/** chown's number for "leave it". */
const UNCHANGED = 0xffff_ffff;

/**
 * Gives a volume to the pod's fsGroup as a kubelet does: group of every file, read and write for the group, and
 * directories hand the group down (set-group-ID). `OnRootMismatch` leaves a volume alone whose top is right.
 * Source: kubernetes.io/docs/tasks/configure-pod-container/security-context, "volume permission and ownership change policy".
 */
export async function applyFsGroup(
  directory: string,
  gid: number,
  policy: 'Always' | 'OnRootMismatch',
): Promise<void> {
  if (policy === 'OnRootMismatch') {
    const top = await lstat(directory);
    const wanted = READ_WRITE | SET_GID | EXECUTE;
    if (top.gid === gid && (top.mode & wanted) === wanted) return;
  }
  await own(directory, gid);
}

async function own(path: string, gid: number): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing);
  if (found === undefined || found.isSymbolicLink()) return;
  if (found.gid !== gid) await chown(path, UNCHANGED, gid);
  const wanted = found.mode | READ_WRITE | (found.isDirectory() ? SET_GID | EXECUTE : 0);
  if (wanted !== found.mode) await chmod(path, wanted & 0o7777);
  if (!found.isDirectory()) return;
  for (const name of await readdir(path)) await own(join(path, name), gid);
}

/** Files may go away while a volume is walked. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
