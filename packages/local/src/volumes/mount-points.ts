import { readFileSync } from 'node:fs';

/** One mount of this mount namespace. */
export interface Mount {
  point: string;
  /** What is mounted: a device, or a word for what has none. */
  source: string;
}

/** All mounts of this mount namespace, in order of mounting. Format: proc_pid_mountinfo(5). */
export function mounts(): Mount[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      return { point: plain(before.split(' ')[4] ?? ''), source: plain(after.split(' ')[1] ?? '') };
    });
}

export function isMountPoint(directory: string): boolean {
  return mounts().some(({ point }) => point === directory);
}

/** Blanks and the like stand as octal numbers there. */
function plain(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
}
