import { expect, test } from 'vitest';
import { defaultExtensions, extensionPackages, leftOutExtensions } from './extensions.ts';

test('the default set has every package once, and nothing that was left out', () => {
  const packages = extensionPackages('', '17');
  expect(packages).toHaveLength(defaultExtensions.length);
  expect(extensionPackages('default', '17')).toEqual(packages);
  expect(packages).toContain('postgresql-17-postgis-3');
  expect(packages).toContain('postgresql-plpython3-17');
  expect(Object.keys(leftOutExtensions).filter((name) => defaultExtensions.includes(name))).toEqual([]);
});

test('no extensions, some, and more than the default ones', () => {
  expect(extensionPackages('no', '17')).toEqual([]);
  expect(extensionPackages('pgvector, plperl pgvector', '17')).toEqual([
    'postgresql-17-pgvector',
    'postgresql-plperl-17',
  ]);
  const more = extensionPackages('default mysql-fdw', '17');
  expect(more).toHaveLength(defaultExtensions.length + 1);
  expect(more).toContain('postgresql-17-mysql-fdw');
});

test.each(['x; reboot', '$(id)', '-o', 'no cron', 'PostGIS', '../x'])('%j is refused', (wanted) =>
  expect(() => extensionPackages(wanted, '17')).toThrow('EXTENSIONS: '),
);
