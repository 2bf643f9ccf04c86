import {
  chownSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

/** chown's number for "leave it". */
const unchanged = 0xffff_ffff;

/**
 * Writes the files of a volume so that readers see all of the old or all of the new ones: the files lie in a
 * directory of their own, `..data` points to it, and each first path element points into `..data`. Switching is
 * one rename. The layout is Kubernetes', which programs that watch such volumes know.
 * Answers whether anything changed. `gid`: group of everything in it (fsGroup).
 */
export function writePayload(directory: string, payload: Payload, gid: number | undefined): boolean {
  mkdirSync(directory, { recursive: true });
  const data = join(directory, '..data');
  const current = currentVersion(directory);
  if (current !== undefined && isSame(current, payload)) return false;

  const version = `..${new Date().toISOString().replaceAll(/[-:TZ]/g, '_')}${Math.random().toString(36).slice(2, 8)}`;
  const target = join(directory, version);
  mkdirSync(target, { mode: 0o755 });
  own(target, gid, 0o755);
  for (const [path, file] of payload) {
    const full = join(target, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
    writeFileSync(full, file.content, { mode: file.mode });
    own(full, gid, modeFor(file.mode, gid), file.uid);
  }
  const temporary = join(directory, '..data_tmp');
  rmSync(temporary, { force: true });
  symlinkSync(version, temporary);
  renameSync(temporary, data);
  linkTopLevel(directory, payload);
  if (current !== undefined) rmSync(current, { recursive: true, force: true });
  own(directory, gid, gid === undefined ? 0o777 : 0o2777);
  return true;
}

function modeFor(mode: number, gid: number | undefined): number {
  return gid === undefined ? mode : mode | 0o440;
}

function own(path: string, gid: number | undefined, mode: number, uid?: number): void {
  if (gid !== undefined || uid !== undefined) chownSync(path, uid ?? unchanged, gid ?? unchanged);
  // Creation is subject to the umask.
  chmodSync(path, mode);
}

function currentVersion(directory: string): string | undefined {
  try {
    return join(directory, readlinkSync(join(directory, '..data')));
  } catch {
    return undefined;
  }
}

function isSame(version: string, payload: Payload): boolean {
  const existing = filesBelow(version);
  if (existing.length !== payload.size) return false;
  return existing.every((path) => {
    const wanted = payload.get(path);
    return wanted !== undefined && readFileSync(join(version, path)).equals(wanted.content);
  });
}

function filesBelow(directory: string, prefix = ''): string[] {
  return readdirSync(join(directory, prefix)).flatMap((name) => {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    return statSync(join(directory, path)).isDirectory() ? filesBelow(directory, path) : [path];
  });
}

/** Links for what is new, none for what is gone. */
function linkTopLevel(directory: string, payload: Payload): void {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  const existing = new Set(readdirSync(directory).filter((name) => !name.startsWith('..')));
  for (const name of existing) if (!wanted.has(name)) rmSync(join(directory, name), { force: true });
  for (const name of wanted) {
    if (!existing.has(name)) symlinkSync(join('..data', name), join(directory, name));
  }
}
