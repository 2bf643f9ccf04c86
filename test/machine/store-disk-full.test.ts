import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import { configMaps, silentLogger, type KubeObject } from '@pgherd/kube/objects';
import { startHeadless, type Headless } from '@pgherd/local/headless';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** The API server's database on a file system of a few megabytes, which fills up under it. */
let directory: string;
let disk: string;
let kubernetes: Headless;
let client: Client;

/** How the mounts are called, before the process id of the test that made them. */
const device = 'pgherd-disk-full-';

/** Ends the mounts of tests that were killed. */
function removeLeftovers(): void {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [source = '', path = ''] = line.split(' ');
    const pid = source.startsWith(device) ? source.slice(device.length) : '';
    if (pid === '' || existsSync(`/proc/${pid}`)) continue;
    execFileSync('umount', ['--lazy', path]);
    rmSync(dirname(path), { recursive: true, force: true });
  }
}

beforeEach(async () => {
  removeLeftovers();
  directory = mkdtempSync(join(tmpdir(), 'pgherd-disk-full-'));
  disk = mkdtempSync(join(directory, 'disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', `${device}${process.pid}`, disk]);
  kubernetes = await startHeadless({ directory, log: silentLogger, database: join(disk, 'state.db') });
  ({ client } = await connect({ kubeconfig: kubernetes.kubeconfig }));
});
afterEach(async () => {
  client.close();
  await kubernetes.stop();
  execFileSync('umount', ['--lazy', disk]);
  rmSync(directory, { recursive: true, force: true });
});

/** Takes all space that is left. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 65536; size >= 1;) {
      try {
        if (writeSync(file, Buffer.alloc(size)) < size) size = Math.floor(size / 2);
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

test('a full disk: writes get 503 and a time to try again, reads go on, nothing is lost, and space heals', async () => {
  const key = (name: string) => ({ namespace: 'default', name });
  const create = (name: string) =>
    client.create(configMaps, { metadata: key(name), data: { text: 'x'.repeat(20_000) } });
  const kept = await create('kept');
  const ballast = join(disk, 'ballast');
  fill(ballast);

  const refused: unknown[] = [];
  const made: KubeObject[] = [];
  // The database may have a page or two left.
  for (let i = 0; refused.length < 3 && i < 200; i++) {
    try {
      made.push(await create(`more-${i}`));
    } catch (error) {
      refused.push(error);
    }
  }
  expect(refused).toHaveLength(3);
  for (const error of refused) {
    expect(error).toMatchObject({ code: 503, status: { details: { retryAfterSeconds: 1 } } });
  }
  expect(await client.get(configMaps, key('kept'))).toEqual(kept);

  rmSync(ballast);
  const after = await create('after');
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(kept.metadata.resourceVersion));
  for (const { metadata } of made) {
    const { uid } = (await client.get(configMaps, key(metadata.name ?? ''))).metadata;
    expect(uid).toBe(metadata.uid);
  }
});
