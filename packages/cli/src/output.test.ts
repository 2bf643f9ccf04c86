import { expect, test } from 'vitest';
import { formatAge, formatBytes, formatTable, parseOutputFormat } from './output.ts';

test('tables look like those of kubectl', () => {
  expect(
    formatTable(
      ['NAME', 'STATUS'],
      [
        ['acid-minimal-cluster', 'Running'],
        ['b', ''],
      ],
    ),
  ).toBe('NAME                   STATUS\nacid-minimal-cluster   Running\nb');
});

test.each([
  [0, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [3 * 3_600_000, '3h'],
  [50 * 3_600_000, '2d'],
])('an age of %i ms is %s', (age, text) => expect(formatAge(age)).toBe(text));

test.each([
  [512, '512 B'],
  [16 * 1024 * 1024, '16.0 MiB'],
])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test('an unknown format is wrong usage', () => {
  expect(() => parseOutputFormat('table')).toThrow('-o table: unknown format');
});
