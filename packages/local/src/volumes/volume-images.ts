import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../engine/probe-host.ts';
import { run } from '../network/command.ts';
import { isMountPoint, mounts } from './mount-points.ts';

/** mkfs.xfs makes nothing smaller. */
const SMALLEST = 300 * 1024 * 1024;
const BLOCK = 4096;
/** What an XFS file system begins with. */
const MAGIC = 'XFSB';

/**
 * Volumes with a real size: each is an XFS file system in a sparse file, mounted through a loop device that the kernel
 * lets go with the mount. XFS, because it grows while it is mounted without CAP_SYS_RESOURCE. Every function can be
 * called again at any time, and its process can be killed at any point of it.
 */
export class VolumeImages {
  readonly #directory: string;
  /** Steps for one mount point follow each other. */
  readonly #last = new Map<string, Promise<void>>();

  /** `home` of the instance. */
  constructor(home: string) {
    this.#directory = join(home, 'volume-images');
  }

  /** Is there a file for this volume? */
  has(name: string): boolean {
    return existsSync(this.#file(name));
  }

  /** Makes the volume's file this large, never smaller; its file system follows when it is mounted. */
  reserve(name: string, bytes: number): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const file = this.#file(name);
    const size = Math.ceil(Math.max(bytes, SMALLEST) / BLOCK) * BLOCK;
    if (existsSync(file) && statSync(file).size >= size) return;
    setSize(file, size);
  }

  /** Mounts the volume there, formatted when it is new, its file system as large as its file. */
  mount(name: string, point: string): Promise<void> {
    const before = this.#last.get(point) ?? Promise.resolve();
    const step = this.#mountAfter(before, name, point);
    this.#last.set(point, step);
    return step.finally(() => {
      if (this.#last.get(point) === step) this.#last.delete(point);
    });
  }

  /** Unmounts the volume and removes its file. Fails while a pod uses it. */
  remove(name: string, point: string): void {
    while (isMountPoint(point)) execFileSync(program('umount'), [point], { stdio: 'pipe' });
    rmSync(this.#file(name), { force: true });
    rmSync(this.#unfinished(name), { force: true });
  }

  async #mountAfter(before: Promise<void>, name: string, point: string): Promise<void> {
    // Its failure is told to whoever asked for it.
    await before.catch(() => undefined);
    const file = this.#file(name);
    if (!existsSync(file)) throw new Error(`its file ${file} is gone`);
    const device = (): string | undefined => mounts().findLast((mount) => mount.point === point)?.source;
    if (device() === undefined) {
      if (!isFormatted(file)) await this.#format(name);
      mkdirSync(point, { recursive: true });
      await run(program('mount'), ['-t', 'xfs', '-o', 'loop,nosuid,nodev,noatime,discard', file, point]);
      // mkfs gives a new one to root alone.
      if (readdirSync(point).length === 0) chmodSync(point, 0o777);
    }
    const loop = device();
    if (loop === undefined) throw new Error(`${file} was mounted, but ${point} is no mount point`);
    // Else every page would be cached twice. Not every file system under it can do that.
    await run(program('losetup'), ['--direct-io=on', loop]).catch(() => undefined);
    await run(program('losetup'), ['--set-capacity', loop]);
    await run(program('xfs_growfs'), [point]);
  }

  /** Under another name first: what was cut off in the middle must never be taken for a file system. */
  async #format(name: string): Promise<void> {
    const [file, unfinished] = [this.#file(name), this.#unfinished(name)];
    rmSync(unfinished, { force: true });
    setSize(unfinished, statSync(file).size);
    await run(program('mkfs.xfs'), ['-q', unfinished]);
    // It may have been asked to be larger meanwhile.
    setSize(unfinished, statSync(file).size);
    renameSync(unfinished, file);
  }

  #file(name: string): string {
    return join(this.#directory, `${name}.xfs`);
  }

  #unfinished(name: string): string {
    return join(this.#directory, `${name}.unfinished`);
  }
}

/** Holes are read as zeros and take no room. */
function setSize(file: string, bytes: number): void {
  const handle = openSync(file, 'a', 0o600);
  try {
    ftruncateSync(handle, bytes);
  } finally {
    closeSync(handle);
  }
}

function isFormatted(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const start = Buffer.alloc(MAGIC.length);
    readSync(handle, start, 0, start.length, 0);
    return start.toString('latin1') === MAGIC;
  } finally {
    closeSync(handle);
  }
}

function program(name: string): string {
  return findProgram(name) ?? name;
}
