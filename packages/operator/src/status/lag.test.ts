import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportedLag } from './lag.ts';

const mebibyte = 1024 * 1024;
const amount = fc.integer({ min: 0, max: 2 ** 40 });

test('a replica that keeps its distance causes no write', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 51, max: 199 }), (lag, percent) => {
      const first = reportedLag(undefined, lag) ?? 0;
      const second = reportedLag(first, Math.round((first * percent) / 100));
      // Twice and half of what is told, and nothing in between, is news.
      fc.pre(first > 32 * mebibyte);
      expect(second).toBe(first);
      expect(reportedLag(second, second)).toBe(second);
    }),
  );
});

test('a lag that grows from nothing is told, and one that is over', () => {
  expect(reportedLag(undefined, 1)).toBe(0);
  expect(reportedLag(0, 16 * mebibyte - 1)).toBe(0);
  expect(reportedLag(0, 16 * mebibyte)).toBe(16 * mebibyte);
  expect(reportedLag(16 * mebibyte, 10 * mebibyte)).toBe(16 * mebibyte);
  expect(reportedLag(16 * mebibyte, 7 * mebibyte)).toBe(0);
  expect(reportedLag(1024 * mebibyte, 100 * mebibyte)).toBe(100 * mebibyte);
});

test('what is not known stays what it was', () => {
  expect(reportedLag(undefined, undefined)).toBeUndefined();
  expect(reportedLag(32 * mebibyte, undefined)).toBe(32 * mebibyte);
});
