import { existsSync, globSync, readFileSync, rmSync, statSync, statfsSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Pod } from '@pgherd/kube/objects';
import type { Fault, Heal } from '../fault.ts';
import { nameOf, type World } from '../world.ts';

/** So few writes in a second are left to a slow disk. */
const slowWrites = 10;

/** Where a member's volume is on this machine. */
async function volumePath(world: World, pod: Pod): Promise<string> {
  const get = async (...what: string[]): Promise<string> =>
    (await world.local.kubectl('get', ...what)).trim();
  const claim = await get('pvc', `pgdata-${nameOf(pod)}`, '-o', 'jsonpath={.spec.volumeName}');
  const path = await get('pv', claim, '-o', 'jsonpath={.spec.hostPath.path}{.spec.local.path}');
  if (!existsSync(path)) throw new Error(`the volume of ${nameOf(pod)} is not at ${path}`);
  return path;
}

/** Whether the volume has a size of its own. Filling the machine's disk is nobody's wish. */
function isSized(path: string): boolean {
  return statSync(path).dev !== statSync('/').dev && statfsSync(path).blocks < statfsSync('/').blocks;
}

async function fill(world: World, pod: Pod): Promise<Heal> {
  const path = await volumePath(world, pod);
  if (!isSized(path)) throw new Error(`the volume of ${nameOf(pod)} has no size of its own`);
  const filler = join(path, 'filler');
  // What fallocate leaves at the end, dd takes.
  const { bavail, bsize } = statfsSync(path);
  spawnSync('fallocate', ['-l', String(Math.max(1, (bavail - 16) * bsize)), filler]);
  spawnSync('dd', ['if=/dev/zero', `of=${filler}.rest`, 'bs=4k']);
  return () => {
    rmSync(filler, { force: true });
    rmSync(`${filler}.rest`, { force: true });
  };
}

/** The block device below a path, as `MAJOR:MINOR`. */
function deviceOf(path: string): string {
  const { dev } = statSync(path);
  return `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
}

/** The kernel's file that limits writes of a process, and what to write there: cgroup v1 or v2. */
function throttle(pid: number, device: string): { file: string; slow: string; normal: string } {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const v1 = lines.map((line) => /^\d+:blkio:(.*)$/.exec(line)?.[1]).find((path) => path !== undefined);
  if (v1 !== undefined) {
    const file = join('/sys/fs/cgroup/blkio', v1, 'blkio.throttle.write_iops_device');
    return { file, slow: `${device} ${slowWrites}`, normal: `${device} 0` };
  }
  const v2 = lines.map((line) => /^0::(.*)$/.exec(line)?.[1]).find((path) => path !== undefined) ?? '';
  const file = join('/sys/fs/cgroup', v2, 'io.max');
  return { file, slow: `${device} wiops=${slowWrites}`, normal: `${device} wiops=max` };
}

/** Library that changes the clock of the processes that load it, and the file by which it is told how much. */
export const clock = {
  library: globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0],
  inContainer: '/faketime/libfaketimeMT.so.1',
  file: 'clock',
};

async function moveClock(world: World, pod: Pod, offset: string): Promise<Heal> {
  const file = join(await volumePath(world, pod), clock.file);
  writeFileSync(file, `${offset}\n`);
  if (!hasLibrary(await world.postmaster(pod)))
    throw new Error('libfaketime is not loaded: the cluster was not made with `withClock`');
  return () => writeFileSync(file, '+0\n');
}

function hasLibrary(pid: number): boolean {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libfaketime');
}

/** A manifest of which the members' clocks can be moved. */
export function withClock(manifest: Record<string, unknown>): Record<string, unknown> {
  if (clock.library === undefined) throw new Error('libfaketime is missing; install the package `faketime`');
  const path = clock.library.slice(0, clock.library.lastIndexOf('/'));
  const spec = manifest['spec'] as object;
  return {
    ...manifest,
    spec: {
      ...spec,
      additionalVolumes: [
        {
          name: 'faketime',
          mountPath: '/faketime',
          targetContainers: ['postgres'],
          volumeSource: { hostPath: { path } },
        },
      ],
      env: [
        { name: 'LD_PRELOAD', value: clock.inContainer },
        { name: 'FAKETIME_TIMESTAMP_FILE', value: `/home/postgres/pgdata/${clock.file}` },
        { name: 'FAKETIME_CACHE_DURATION', value: '1' },
        // A monotonic clock does not jump, whatever somebody sets.
        { name: 'FAKETIME_DONT_FAKE_MONOTONIC', value: '1' },
      ],
    },
  };
}

async function replica(world: World): Promise<Pod> {
  const [first] = await world.replicas();
  if (first === undefined) throw new Error('there is no replica');
  return first;
}

export const volumeFaults: readonly Fault[] = [
  {
    id: 'disk-full',
    what: 'the primary’s volume is full',
    inflict: async (world) => fill(world, await world.primary()),
  },
  {
    id: 'disk-full-replica',
    what: 'a replica’s volume is full',
    inflict: async (world) => fill(world, await replica(world)),
  },
  {
    id: 'disk-slow',
    what: 'the primary’s disk does ten writes in a second',
    inflict: async (world) => {
      const pod = await world.primary();
      const device = deviceOf(await volumePath(world, pod));
      const { file, slow, normal } = throttle(await world.local.containerProcess(pod), device);
      writeFileSync(file, slow);
      return () => {
        if (existsSync(file)) writeFileSync(file, normal);
      };
    },
  },
  {
    id: 'clock-ahead',
    what: 'the primary’s clock jumps ahead by more than the lease',
    inflict: async (world) => moveClock(world, await world.primary(), '+120s'),
  },
  {
    id: 'clock-behind',
    what: 'the primary’s clock jumps back by more than the lease',
    inflict: async (world) => moveClock(world, await world.primary(), '-120s'),
  },
  {
    id: 'clock-ahead-replica',
    what: 'a replica’s clock jumps ahead by more than the lease',
    inflict: async (world) => moveClock(world, await replica(world), '+120s'),
  },
];
