import { silentLogger } from '@pgherd/kube/objects';
import { afterEach, expect, test } from 'vitest';
import { AmazonError } from '../amazon/amazon-error.ts';
import type { Ec2 } from '../amazon/ec2.ts';
import { ManualClock } from '@pgherd/kube/testing';
import type { Disk, Modification } from './disk.ts';
import { DiskWatch } from './disk-watch.ts';

const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort();
});

const gp2: Disk = {
  id: 'vol-1',
  type: 'gp2',
  sizeGiB: 1,
  iops: 100,
  throughput: undefined,
  modification: undefined,
};

/** An API with these disks, which fails with `error` while there is one, and a watch that runs. */
function start() {
  const clock = new ManualClock();
  const lab = {
    clock,
    disks: new Map([['vol-1', gp2]]),
    error: undefined as AmazonError | undefined,
    asked: [] as string[][],
    told: [] as string[],
    clusters: new Set(['default/a', 'default/b']),
  };
  const api: Ec2 = {
    async disks(ids) {
      lab.asked.push([...ids]);
      if (lab.error !== undefined) throw lab.error;
      return ids.flatMap((id) => lab.disks.get(id) ?? []);
    },
    async modify(_id, change) {
      if (lab.error !== undefined) throw lab.error;
      const target = { ...gp2, ...change };
      return { state: 'modifying', target, startedAt: clock.now() };
    },
  };
  const watch = new DiskWatch({
    ec2: () => api,
    isThere: (cluster) => lab.clusters.has(cluster),
    enqueue: (cluster) => lab.told.push(cluster),
    clock,
    log: silentLogger,
  });
  const end = new AbortController();
  ends.push(end);
  void watch.run(end.signal);
  return { ...lab, lab, watch };
}

test('a pass never waits: what is asked for is there later, and the cluster is looked at then', async () => {
  const { watch, clock, told, asked } = start();
  expect(watch.of('default/a', ['vol-1', 'vol-none'])).toEqual({
    asked: ['vol-1', 'vol-none'],
    disks: new Map(),
    refusals: new Map(),
  });
  watch.of('default/b', ['vol-1']);
  await clock.advance(2_000);
  expect(asked).toEqual([['vol-1', 'vol-none']]);
  expect(told).toEqual(['default/a', 'default/b']);
  expect(watch.of('default/a', ['vol-1', 'vol-none']).disks).toEqual(
    new Map([
      ['vol-1', gp2],
      ['vol-none', undefined],
    ]),
  );
});

test('disks are looked at every ten minutes; what is as it was is told nobody', async () => {
  const { watch, clock, lab } = start();
  watch.of('default/a', ['vol-1']);
  await clock.advance(2_000);
  lab.told.length = 0;
  await clock.advance(601_000);
  expect(lab.asked).toHaveLength(2);
  expect(lab.told).toEqual([]);
  lab.disks.set('vol-1', { ...gp2, type: 'gp3' });
  await clock.advance(601_000);
  expect(lab.told).toEqual(['default/a']);
});

test('a change that began is seen at once, and looked at often until it is in force', async () => {
  const { watch, clock, lab } = start();
  watch.of('default/a', ['vol-1']);
  await clock.advance(2_000);
  await watch.modify('vol-1', { sizeGiB: 2 });
  const { modification } = watch.of('default/a', ['vol-1']).disks.get('vol-1') ?? {};
  expect(modification).toMatchObject({ state: 'modifying', target: { sizeGiB: 2 } });
  lab.disks.set('vol-1', { ...gp2, modification });
  lab.asked.length = 0;
  await clock.advance(10_000);
  expect(lab.asked.length).toBeGreaterThan(2);
  const optimizing = { ...(modification as Modification), state: 'optimizing' };
  lab.disks.set('vol-1', { ...gp2, sizeGiB: 2, modification: optimizing });
  await clock.advance(5_000);
  lab.asked.length = 0;
  await clock.advance(120_000);
  expect(lab.asked).toHaveLength(2);
});

test('what Amazon refuses is remembered, less and less often asked for, and thrown', async () => {
  const { watch, clock, lab } = start();
  watch.of('default/a', ['vol-1']);
  await clock.advance(2_000);
  lab.error = new AmazonError('denied', 'no', 'UnauthorizedOperation');
  const refusal = () => watch.of('default/a', ['vol-1']).refusals.get('vol-1');
  const delays: number[] = [];
  for (let tries = 0; tries < 6; tries += 1) {
    await expect(watch.modify('vol-1', { type: 'gp3' })).rejects.toThrow('no');
    delays.push(((refusal()?.until ?? 0) - clock.now()) / 60_000);
  }
  expect(delays).toEqual([1, 2, 4, 8, 15, 15]);
  await expect(watch.modify('vol-1', { type: 'io2' })).rejects.toThrow('no');
  expect((refusal()?.until ?? 0) - clock.now()).toBe(60_000);
  lab.error = undefined;
  await watch.modify('vol-1', { type: 'io2' });
  expect(refusal()).toBeUndefined();
});

test('an API that is away is asked less and less often, told once, and told when it is back', async () => {
  const { watch, clock, lab } = start();
  watch.of('default/a', ['vol-1']);
  lab.error = new AmazonError('unreachable', 'no answer');
  await clock.advance(2_000);
  expect(watch.of('default/a', ['vol-1']).failure).toMatchObject({ kind: 'unreachable' });
  expect(lab.told).toEqual(['default/a']);
  await clock.advance(100_000);
  expect(lab.asked.length).toBeLessThan(6);
  expect(lab.told).toEqual(['default/a']);
  lab.error = undefined;
  await clock.advance(301_000);
  expect(watch.of('default/a', ['vol-1']).failure).toBeUndefined();
  expect(lab.told).toEqual(['default/a', 'default/a']);
});

test('what no cluster has any more is asked for no longer', async () => {
  const { watch, clock, lab } = start();
  watch.of('default/a', ['vol-1']);
  watch.of('default/b', ['vol-2']);
  await clock.advance(2_000);
  lab.asked.length = 0;
  lab.clusters.delete('default/a');
  watch.of('default/b', []);
  await clock.advance(700_000);
  expect(lab.asked).toEqual([]);
});
