import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isMountPoint, mounts } from '../../volumes/mount-points.ts';

const run = promisify(execFile);

/** Below the instance's home: what nodes other than the first have of their own. */
const NODES = 'nodes';

/** The directories of one node's pods below the instance's home. */
export class PodDirectories {
  readonly #disk: string;
  readonly #memory: string;

  /** `node`: absent for the first one, whose directories are where they were when there was no other. */
  constructor(home: string, node?: string) {
    const own = node === undefined ? undefined : join(home, NODES, node);
    this.#disk = own === undefined ? join(home, 'pods') : join(own, 'pods');
    this.#memory = own === undefined ? join(home, 'run', 'volatile') : join(own, 'volatile');
  }

  /**
   * Makes the tops, and mounts a memory file system for secrets and tokens, once for all pods.
   * Answers what is wrong when that is not possible (they lie on disk then, readable by root alone).
   */
  async prepare(): Promise<string | undefined> {
    mkdirSync(this.#disk, { recursive: true, mode: 0o711 });
    mkdirSync(this.#memory, { recursive: true, mode: 0o711 });
    if (isMountPoint(this.#memory)) return undefined;
    try {
      await mountMemory(this.#memory, undefined, '0711');
      return undefined;
    } catch (error) {
      return `secrets lie on disk, because no tmpfs can be mounted at ${this.#memory}: ${(error as Error).message}`;
    }
  }

  /** On disk: emptyDir, config maps, hosts file, termination messages. */
  disk(uid: string): string {
    return join(this.#disk, uid);
  }

  volume(uid: string, name: string, volatile: boolean): string {
    return volatile ? join(this.#memory, uid, name) : join(this.#disk, uid, 'volumes', name);
  }

  /** Uids of all pods that have a directory. */
  known(): string[] {
    return [
      ...new Set([this.#disk, this.#memory].flatMap((top) => (existsSync(top) ? readdirSync(top) : []))),
    ];
  }

  /** Unmounts and removes all of a pod's directories. Persistent volumes lie elsewhere. */
  async remove(uid: string): Promise<void> {
    const own = join(this.#disk, uid);
    for (const point of mountsBelow([own])) await run('umount', ['--lazy', point]);
    // A mount that is still there would be emptied: better leave the directory.
    if (mountsBelow([own]).length > 0) return;
    await rm(own, { recursive: true, force: true });
    await rm(join(this.#memory, uid), { recursive: true, force: true });
  }
}

/** Unmounts everything that agents of this home have mounted, for `reset`. Pods must be gone. */
export async function unmountAll(home: string): Promise<void> {
  await unmountVolumes(home);
  const tops = [join(home, 'pods'), join(home, 'run', 'volatile'), join(home, NODES)];
  for (const point of mountsBelow(tops)) await run('umount', ['--lazy', point]);
}

/** Unmounts and removes what a node has below the instance's home. Its pods must be gone. */
export async function removeNodeDirectories(home: string, node: string): Promise<void> {
  const own = join(home, NODES, node);
  for (const point of mountsBelow([own])) await run('umount', ['--lazy', point]);
  if (mountsBelow([own]).length > 0) return;
  await rm(own, { recursive: true, force: true });
}

/** Unmounts the volumes that have a size of their own; their loop devices go with the mounts. Pods must have ended. */
export async function unmountVolumes(home: string): Promise<void> {
  for (const point of mountsBelow([join(home, 'volumes')])) {
    // What is still used, e.g. by somebody's shell, goes when it no longer is.
    await run('umount', [point]).catch(() => run('umount', ['--lazy', point]));
  }
}

/** Mount points at or below these directories, last mounted first. */
function mountsBelow(tops: readonly string[]): string[] {
  return mounts()
    .map(({ point }) => point)
    .filter((point) => tops.some((top) => point === top || point.startsWith(top + '/')))
    .reverse();
}

/** Mounts a tmpfs; `size` in bytes. */
export async function mountMemory(directory: string, size: number | undefined, mode: string): Promise<void> {
  const options = [
    `mode=${mode}`,
    'nosuid',
    'nodev',
    ...(size === undefined ? [] : [`size=${Math.ceil(size)}`]),
  ];
  await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', directory]);
}
