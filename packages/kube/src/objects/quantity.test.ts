import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  canonicalQuantity,
  compareQuantities,
  isQuantity,
  parseQuantity,
  quantityNumber,
} from './quantity.ts';

test.each([
  ['0.5', '500m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['1000m', '1'],
  ['1000', '1k'],
  ['100', '100'],
  ['0', '0'],
  ['0Gi', '0'],
  ['1e3', '1e3'],
  ['12e1', '120'],
  ['123456789', '123456789'],
  ['1.5', '1500m'],
  ['1E', '1E'],
  ['-1Ki', '-1Ki'],
  ['0.0000000001', '1n'],
  ['.5', '500m'],
  ['1023', '1023'],
])('%s is written %s', (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
});

test.each(['', 'a', '1 Gi', '1ki', '1K', '1.2.3', '--1', '1mi', '1e', 'NaN'])('%j is no quantity', (text) => {
  expect(isQuantity(text)).toBe(false);
  expect(() => parseQuantity(text)).toThrow('quantities must match the regular expression');
});

test('comparison is exact', () => {
  expect(compareQuantities('1Gi', '1073741824')).toBe(0);
  expect(compareQuantities('1G', '1Gi')).toBe(-1);
  expect(compareQuantities('9007199254740993', '9007199254740992')).toBe(1);
  expect(compareQuantities(0.5, '500m')).toBe(0);
});

test('the canonical form is the same quantity, and is canonical', () => {
  const suffix = fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e2', 'e-2');
  fc.assert(
    fc.property(fc.integer(), suffix, (number, s) => {
      const canonical = canonicalQuantity(`${number}${s}`);
      expect(compareQuantities(canonical, `${number}${s}`)).toBe(0);
      expect(canonicalQuantity(canonical)).toBe(canonical);
    }),
  );
});

test.each([
  ['500m', 0.5],
  ['1Gi', 2 ** 30],
  [3, 3],
  ['123456789012345', 123456789012345],
  ['-1.5', -1.5],
  ['much', undefined],
  [undefined, undefined],
])('%j is the number %j', (text, number) => {
  expect(quantityNumber(text)).toBe(number);
});
