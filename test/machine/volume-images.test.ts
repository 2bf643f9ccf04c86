import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unmountVolumes } from '@pgherd/local/node';
import { directoryVolumeStore, isMountPoint, sizeLimits, VolumeImages } from '@pgherd/local/volumes';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MiB = 1024 * 1024;
let home: string;
let point: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pgherd-test-images-'));
  point = join(home, 'volumes', 'pvc-1');
});
afterEach(async () => {
  await unmountVolumes(home);
  rmSync(home, { recursive: true });
});

/** Bytes that the file system at the mount point has. */
const size = (): number => {
  const { blocks, bsize } = statfsSync(point);
  return blocks * bsize;
};
const loopsOfHome = (): string[] =>
  execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file.includes(home));

/** Without these a machine has volumes without limits, which the unit tests look at. */
test('this machine can limit volumes', () => {
  expect(sizeLimits()).toEqual({ enforced: true });
});

test('a volume is as large as it says, and grows while it is mounted and full', async () => {
  const store = directoryVolumeStore(home);
  const images = new VolumeImages(home);
  expect(store.create('pvc-1', 320 * MiB)).toBe(point);
  await Promise.all([images.mount('pvc-1', point), images.mount('pvc-1', point)]);
  expect(statSync(point).mode & 0o777).toBe(0o777);
  const before = size();
  expect(before).toBeGreaterThan(200 * MiB);
  expect(before).toBeLessThanOrEqual(320 * MiB);
  expect(() => writeFileSync(join(point, 'full'), Buffer.alloc(330 * MiB, 1))).toThrow('ENOSPC');

  expect(store.grow('pvc-1', 640 * MiB)).toBe(true);
  expect(size()).toBe(before);
  await images.mount('pvc-1', point);
  expect(size()).toBeGreaterThan(before + 300 * MiB);
  writeFileSync(join(point, 'after'), Buffer.alloc(MiB, 1));
  // Never smaller.
  store.grow('pvc-1', 300 * MiB);
  expect(statSync(join(home, 'volume-images', 'pvc-1.xfs')).size).toBe(640 * MiB);
});

test('mounted again, it has what it had, and the size that it was given meanwhile', async () => {
  const store = directoryVolumeStore(home);
  store.create('pvc-1', 300 * MiB);
  await new VolumeImages(home).mount('pvc-1', point);
  writeFileSync(join(point, 'kept'), 'x');
  await unmountVolumes(home);
  expect(isMountPoint(point)).toBe(false);
  expect(loopsOfHome()).toEqual([]);
  store.grow('pvc-1', 600 * MiB);
  // What a format that was cut off leaves behind is in nobody's way.
  writeFileSync(join(home, 'volume-images', 'pvc-1.unfinished'), 'XFSB');
  await new VolumeImages(home).mount('pvc-1', point);
  expect(readdirSync(point)).toEqual(['kept']);
  expect(size()).toBeGreaterThan(500 * MiB);
});

test('one that is used is not removed; removed, nothing of it is left', async () => {
  const store = directoryVolumeStore(home);
  store.create('pvc-1', 300 * MiB);
  await new VolumeImages(home).mount('pvc-1', point);
  const user = execFileSync('sh', ['-c', `cd ${point}; sleep 60 >/dev/null 2>&1 & echo $!`], {
    encoding: 'utf8',
  });
  expect(() => store.delete('pvc-1')).toThrow('busy');
  process.kill(Number(user));
  await expect.poll(() => existsSync(`/proc/${user.trim()}/cwd`)).toBe(false);
  store.delete('pvc-1');
  expect(existsSync(point)).toBe(false);
  expect(readdirSync(join(home, 'volume-images'))).toEqual([]);
  expect(loopsOfHome()).toEqual([]);
});

test('a volume whose file is gone is not mounted, and never written beside', async () => {
  directoryVolumeStore(home).create('pvc-1', 300 * MiB);
  rmSync(join(home, 'volume-images', 'pvc-1.xfs'));
  await expect(new VolumeImages(home).mount('pvc-1', point)).rejects.toThrow('is gone');
});
