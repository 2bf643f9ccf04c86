import { expect, test } from 'vitest';
import { forecast } from './forecast.ts';
import { UsageHistory } from './history.ts';
import { parseUsage, type Usage } from './usage.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

const sample = (at: number, used: number): Usage => ({
  size: 1000,
  used,
  free: 1000 - used,
  wal: undefined,
  at,
});

test('what df and du print', () => {
  const df =
    'Filesystem 1-blocks Used Available Capacity Mounted on\n/dev/loop0 1006632960 36106240 970526720 4% /home/postgres/pgdata\n';
  expect(parseUsage(df, 7)).toEqual({
    size: 1006632960,
    used: 36106240,
    free: 970526720,
    wal: undefined,
    at: 7,
  });
  expect(parseUsage(`${df}16789504\t/home/postgres/pgdata/pgroot/data/pg_wal\n`, 7)?.wal).toBe(16789504);
  expect(parseUsage('', 7)).toBeUndefined();
  expect(parseUsage('df: no such file', 7)).toBeUndefined();
});

test('a forecast is a straight line through what was seen', () => {
  const samples = [0, 1, 2, 3].map((days) => sample(days * day, 100 + days * 50));
  expect(forecast(samples)).toEqual({ growthPerDay: 50, fullAt: 3 * day + 15 * day, basedOnMs: 3 * day });
});

test('what becomes less, or stays, is never full', () => {
  expect(forecast([sample(0, 300), sample(day, 200), sample(2 * day, 100)])).toMatchObject({
    growthPerDay: -100,
    fullAt: undefined,
  });
  expect(forecast([0, 1, 2].map((days) => sample(days * day, 100)))?.fullAt).toBeUndefined();
});

test('of too few samples, or too short a time, nothing is said', () => {
  expect(forecast([])).toBeUndefined();
  expect(forecast([sample(0, 1), sample(day, 2)])).toBeUndefined();
  expect(forecast([0, 1, 2, 3].map((minutes) => sample(minutes * minute, minutes)))).toBeUndefined();
});

test('a history is bounded, keeps a week by the hour and the last samples, and knows the rate', () => {
  const history = new UsageHistory();
  for (let minutes = 0; minutes < 30 * 24 * 60; minutes += 1) history.add(sample(minutes * minute, minutes));
  const { samples } = history;
  expect(samples.length).toBeLessThan(200);
  expect(samples.at(-1)?.used).toBe(30 * 24 * 60 - 1);
  expect(samples.map(({ at }) => at)).toEqual(samples.map(({ at }) => at).toSorted((a, b) => a - b));
  expect((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)).toBeGreaterThan(6 * day);
  expect(history.rate).toBeCloseTo(1 / 60);
});
