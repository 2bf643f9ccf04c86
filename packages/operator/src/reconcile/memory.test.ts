import { expect, test } from 'vitest';
import { isNews } from './memory.ts';

test('what was told is no news, and what is another each time does not fill the memory', () => {
  const told = new Set<string>();
  expect([isNews(told, 'a'), isNews(told, 'a')]).toEqual([true, false]);
  for (let lag = 0; lag < 10_000; lag++) isNews(told, `${lag} MiB behind`);
  expect(told.size).toBeLessThan(1_000);
  expect(isNews(told, '9999 MiB behind')).toBe(false);
});
