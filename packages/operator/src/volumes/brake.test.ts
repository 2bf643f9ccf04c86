import { expect, test } from 'vitest';
import { goalOf } from '../reconcile/goal.ts';
import { testClaim } from '../testing/claims.ts';
import { testConfiguration, testManifest, testObserved, testPod } from '../testing/cluster.ts';
import { isBraked, restOf } from './brake.ts';
import type { Usage } from './usage.ts';

const Mi = 1024 ** 2;
const Gi = 1024 ** 3;
const now = Date.parse('2026-01-02T00:00:00Z');
const minute = 60_000;

const usage = (free: number, at = now, size = 10 * Gi): Usage => ({
  size,
  used: size - free,
  free,
  wal: undefined,
  at,
});

interface Situation {
  free?: number;
  at?: number;
  isOn?: boolean;
  since?: number;
  leader?: string | undefined;
  parameters?: Record<string, string>;
  configuration?: Parameters<typeof testConfiguration>[0];
}

function situation({ free, at = now, isOn = false, since = now - minute, ...more }: Situation) {
  const { leader = 'acid-demo-0', parameters = {}, configuration = {} } = more;
  const observed = testObserved([testClaim()], [testPod({ ordinal: 0, role: 'primary' })], {
    leader: 'leader' in more ? more.leader : leader,
    configuration: {
      postgresql: { parameters: isOn ? { default_transaction_read_only: 'on' } : {} },
    },
    usage: new Map(free === undefined ? [] : [['acid-demo-0', usage(free, at)]]),
    usageSince: since,
  });
  const manifest = testManifest({ postgresql: { version: '17', parameters } });
  return { observed, manifest, configuration: testConfiguration(configuration) };
}

function brake(more: Situation): boolean {
  const { observed, manifest, configuration } = situation(more);
  return isBraked(manifest, configuration, observed, now);
}

test('volume_brake_rest: a percentage within bounds, or an amount', () => {
  const rest = (size: number, setting: string) =>
    restOf(usage(0, now, size), { enable_volume_brake: true, volume_brake_rest: setting });
  expect(rest(10 * Gi, '2%')).toBeCloseTo(0.2 * Gi);
  expect(rest(Gi, '2%')).toBe(128 * Mi);
  expect(rest(1000 * Gi, '2%')).toBe(Gi);
  expect(rest(1000 * Gi, '5Gi')).toBe(5 * Gi);
});

test('writes stop below the rest, and go on above twice of it', () => {
  expect(brake({ free: 0.19 * Gi })).toBe(true);
  expect(brake({ free: 0.21 * Gi })).toBe(false);
  expect(brake({ free: 0.39 * Gi, isOn: true })).toBe(true);
  expect(brake({ free: 0.41 * Gi, isOn: true })).toBe(false);
});

test('enable_volume_brake: switched off it lets go at once', () => {
  const off = { configuration: { enable_volume_brake: false } };
  expect(brake({ free: 0, ...off })).toBe(false);
  expect(brake({ free: 0, isOn: true, ...off })).toBe(false);
});

test('what the manifest says of the parameter is left to it', () => {
  expect(brake({ free: 0, parameters: { default_transaction_read_only: 'off' } })).toBe(false);
});

test('nothing keeps it on for good: neither old samples nor none at all', () => {
  expect(brake({ free: 0, isOn: true, at: now - 11 * minute })).toBe(false);
  expect(brake({ isOn: true })).toBe(true);
  expect(brake({ isOn: true, since: now - 11 * minute })).toBe(false);
  expect(brake({ isOn: false })).toBe(false);
});

test('between two primaries it stays as it is', () => {
  expect(brake({ isOn: true, leader: undefined })).toBe(true);
  expect(brake({ free: 0, leader: undefined })).toBe(false);
});

test('it is a parameter of Patroni, beside those of the manifest', () => {
  const { observed, manifest, configuration } = situation({
    free: 0,
    isOn: true,
    parameters: { work_mem: '8MB' },
  });
  const settings = { configuration, named: new Set<never>() };
  const { goal } = goalOf(manifest, settings, observed, { now, newPassword: () => 'new' });
  expect(goal.configuration?.wanted['postgresql']).toEqual({
    parameters: { work_mem: '8MB', default_transaction_read_only: 'on' },
  });
});
