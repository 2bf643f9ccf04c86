import { expect, test } from 'vitest';
import { formatPause, nextBackOff, remainingPause } from './back-off.ts';
import type { BackOff } from './back-off.ts';

/** Pauses of a container that ends the moment it is started. */
function pauses(count: number): number[] {
  let backOff: BackOff | undefined;
  let now = 0;
  return Array.from({ length: count }, () => {
    const pause = remainingPause(backOff, now, now);
    const endedAt = now;
    now += pause;
    backOff = nextBackOff(backOff, now, endedAt);
    return pause / 1000;
  });
}

test('the first restart is immediate, then 10 s doubling to 5 min', () => {
  expect(pauses(8)).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('ten minutes without a restart, and it begins anew', () => {
  const backOff = { pauseMs: 160_000, since: 0 };
  expect(remainingPause(backOff, 599_000, 599_000)).toBe(160_000);
  expect(remainingPause(backOff, 601_000, 601_000)).toBe(0);
  expect(nextBackOff(backOff, 601_000, 601_000)).toEqual({ pauseMs: 10_000, since: 601_000 });
});

test('time that has passed since the end counts', () => {
  expect(remainingPause({ pauseMs: 10_000, since: 0 }, 9_000, 5_000)).toBe(6_000);
});

test.each([
  [10_000, '10s'],
  [160_000, '2m40s'],
  [300_000, '5m0s'],
])('%i ms is %s', (ms, text) => {
  expect(formatPause(ms)).toBe(text);
});
