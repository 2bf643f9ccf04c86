import type { VolumeStatus } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testClaim } from '../testing/claims.ts';
import { testObserved } from '../testing/cluster.ts';
import type { Forecast } from '../volumes/forecast.ts';
import { volumeStatuses } from './volumes.ts';

const Mi = 1024 ** 2;

function statuses(percent: number | undefined, growth?: number, before?: VolumeStatus): VolumeStatus[] {
  const usage = { size: 100, used: percent ?? 0, free: 100 - (percent ?? 0), wal: undefined, at: 0 };
  const forecast: Forecast = {
    growthPerDay: growth ?? 0,
    fullAt: Date.parse('2026-02-01T00:00:00Z'),
    basedOnMs: 1,
  };
  const observed = testObserved([testClaim()], [], {
    usage: new Map(percent === undefined ? [] : [['acid-demo-0', usage]]),
    forecasts: new Map(growth === undefined ? [] : [['acid-demo-0', forecast]]),
  });
  return volumeStatuses(observed, before === undefined ? {} : { volumes: [before] });
}

const before: VolumeStatus = {
  claim: 'pgdata-acid-demo-0',
  usedPercent: 50,
  growthBytesPerDay: 100 * Mi,
  fullAt: '2026-01-01T00:00:00Z',
};

test('how much is used, and when that is all', () => {
  expect(statuses(50, 100 * Mi)).toEqual([{ ...before, fullAt: '2026-02-01T00:00:00Z' }]);
  expect(statuses(50)).toEqual([{ claim: 'pgdata-acid-demo-0', usedPercent: 50 }]);
});

test('what has hardly changed is not written again', () => {
  expect(statuses(54, 120 * Mi, before)).toEqual([before]);
  expect(statuses(55, 100 * Mi, before)).not.toEqual([before]);
  expect(statuses(50, 130 * Mi, before)).not.toEqual([before]);
});

test('a forecast that is gone with the operator is gone; what was not looked at yet stays', () => {
  expect(statuses(50, undefined, before)).toEqual([{ claim: 'pgdata-acid-demo-0', usedPercent: 50 }]);
  expect(statuses(undefined, undefined, before)).toEqual([before]);
  expect(statuses(undefined)).toEqual([]);
});
