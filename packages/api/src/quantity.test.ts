import { expect, test } from 'vitest';
import { parseQuantity } from './quantity.ts';

test.each([
  ['500m', 0.5],
  ['1', 1],
  ['0.25', 0.25],
  ['1k', 1000],
  ['1M', 1_000_000],
  ['1Gi', 1_073_741_824],
  ['1.5Gi', 1_610_612_736],
  ['2e3', 2000],
  ['100u', 0.0001],
])('%s is %d', (text, value) => {
  expect(parseQuantity(text)).toBeCloseTo(value, 9);
});

test.each(['', 'x', '1 Gi', 'Gi', '-1', '1KiB', '1.2.3'])('%j is none', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
});
