import type { Client } from '@pgherd/kube/client';
import { dataPath } from '../render/mounts.ts';

/** It asks the kernel for blocks that are there: it takes moments. */
const timeoutMs = 60_000;

/**
 * Makes the file system of the data volume as large as its disk, and changes nothing when it is that large. The device is
 * the one that the volume is mounted from.
 */
export const growFileSystemCommand: string[] = [
  'sh',
  '-c',
  `line=$(df -PT ${dataPath} | tail -n 1) || exit 1
set -- $line
case "$2" in
  ext2 | ext3 | ext4) exec resize2fs "$1" ;;
  xfs) exec xfs_growfs ${dataPath} ;;
  *) echo "nobody knows how to grow a file system of the kind $2" >&2; exit 1 ;;
esac`,
];

/** The file system of a pod's data volume could not be made larger. */
export class FileSystemError extends Error {
  constructor(pod: string, said: string) {
    super(`the file system of ${pod} does not grow: ${said}`);
    this.name = 'FileSystemError';
  }
}

/** From within the pod's database container. Throws `FileSystemError` in the tool's own words. */
export async function growFileSystem(
  client: Pick<Client, 'exec'>,
  namespace: string,
  pod: string,
): Promise<void> {
  const { exitCode, stdout, stderr } = await client.exec(
    { namespace, name: pod },
    { container: 'postgres', command: growFileSystemCommand, signal: AbortSignal.timeout(timeoutMs) },
  );
  if (exitCode === 0) return;
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim());
  throw new FileSystemError(pod, lines.filter((line) => line !== '').at(-1) ?? `exit code ${exitCode}`);
}
