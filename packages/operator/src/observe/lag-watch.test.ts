import type { PostgresqlStatus } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { beforeEach, expect, test } from 'vitest';
import { LagWatch } from './lag-watch.ts';

const mebibyte = 1024 * 1024;
let now: number;
let status: PostgresqlStatus;
let leader: KubeObject;
let pods: Map<string, KubeObject>;
let watch: LagWatch;

beforeEach(() => {
  now = 1_000_000;
  status = {};
  pods = new Map();
  leader = leaderAt(0);
  watch = new LagWatch({
    clusterOf: () => 'default/c',
    podsOf: () => [...pods.values()],
    leaderObject: (_cluster, name) => (name === 'c' ? leader : undefined),
    status: () => status,
    clock: { now: () => now, after: () => () => {} },
  });
});

function leaderAt(location: number): KubeObject {
  return {
    metadata: { name: 'c', namespace: 'default', annotations: { leader: 'c-0', optime: String(location) } },
  };
}

/** The pod tells a new position; answers whether that starts a pass. */
function tells(name: string, location: number): boolean {
  const annotations = { status: JSON.stringify({ xlog_location: location }) };
  const current: KubeObject = { metadata: { name, namespace: 'default', annotations } };
  const old = pods.get(name);
  pods.set(name, current);
  return watch.podChanged(old, current);
}

/** The leader renews its lock. */
function renews(location: number): boolean {
  leader = leaderAt(location);
  return watch.leaderChanged(leader);
}

test('a busy primary whose replica keeps up starts no pass, whoever speaks first', () => {
  for (let round = 1; round < 50; round++) {
    now += 5_000;
    expect(renews(round * 500 * mebibyte)).toBe(false);
    now += 5_000;
    expect(tells('c-1', round * 500 * mebibyte + 1)).toBe(false);
    expect(tells('c-0', round * 500 * mebibyte + 2)).toBe(false);
  }
  expect(watch.lagOf('default', 'c-1')).toBe(0);
  expect(watch.lagOf('default', 'c-0')).toBeUndefined();
});

test('a replica that falls behind starts a pass, and not another until it has doubled', () => {
  renews(100 * mebibyte);
  expect(tells('c-1', 50 * mebibyte)).toBe(true);
  expect(watch.lagOf('default', 'c-1')).toBe(50 * mebibyte);
  status = { members: [{ name: 'c-1', lagBytes: 50 * mebibyte }] };
  now += 120_000;
  expect(renews(200 * mebibyte)).toBe(false);
  expect(tells('c-1', 130 * mebibyte)).toBe(false);
  now += 120_000;
  expect(renews(400 * mebibyte)).toBe(false);
  expect(tells('c-1', 300 * mebibyte)).toBe(true);
});

test('however the lag jumps, it starts a pass once a minute', () => {
  renews(1000 * mebibyte);
  expect(tells('c-1', 500 * mebibyte)).toBe(true);
  now += 30_000;
  expect(tells('c-1', 100 * mebibyte)).toBe(false);
  now += 31_000;
  expect(tells('c-1', 101 * mebibyte)).toBe(true);
  // That it is over is told at once.
  status = { members: [{ name: 'c-1', lagBytes: 899 * mebibyte }] };
  expect(tells('c-1', 1000 * mebibyte)).toBe(true);
});

test('a replica that stands still is measured by what the primary writes', () => {
  renews(10);
  tells('c-1', 10);
  now += 100_000;
  expect(renews(100 * mebibyte)).toBe(false);
  now += 30_000;
  expect(renews(200 * mebibyte)).toBe(true);
  expect(watch.lagOf('default', 'c-1')).toBe(200 * mebibyte - 10);
});

test('what is not known is not told, and a pod that is gone is forgotten', () => {
  expect(tells('c-1', 5)).toBe(false);
  watch.podChanged(pods.get('c-1'), undefined);
  expect(watch.lagOf('default', 'c-1')).toBeUndefined();
});
