import { expect, test } from 'vitest';
import { formatReport, printable } from './format.ts';
import type { InstalledEntry, ServerEntry } from './queries.ts';
import { extensionReport, type DatabaseResult } from './report.ts';

const server: ServerEntry = {
  preloaded: 'pg_stat_statements, pgextwlist',
  allowed: 'hll,pgq',
  databases: [],
  available: [
    { name: 'citext', version: '1.6', comment: 'case-insensitive text', trusted: true },
    { name: 'hll', version: '2.18', comment: 'HyperLogLog', trusted: false },
    { name: 'pg_stat_statements', version: '1.11', comment: 'track statistics', trusted: false },
    { name: 'timescaledb', version: '2.19.3', comment: 'x'.repeat(100), trusted: null },
  ],
};
const plpgsql: InstalledEntry = {
  name: 'plpgsql',
  version: '1.0',
  schema: 'pg_catalog',
  newest: '1.0',
  updatable: false,
};
const entry = (changed: Partial<InstalledEntry>): InstalledEntry => ({
  ...plpgsql,
  schema: 'public',
  ...changed,
});
const report = (...databases: DatabaseResult[]): ReturnType<typeof extensionReport> =>
  extensionReport({ namespace: 'team', name: 'acid-demo' }, server, databases);

test('who may create an extension, and whether its library is loaded', () => {
  const rows = report().available.map(({ name, createdBy, preload }) => [name, createdBy, preload?.loaded]);
  expect(rows).toEqual([
    ['citext', 'owner', undefined],
    ['hll', 'owner', undefined],
    ['pg_stat_statements', 'superuser', true],
    ['timescaledb', 'superuser', false],
  ]);
  const without = extensionReport({ namespace: 'team', name: 'acid-demo' }, { ...server, preloaded: '' }, []);
  expect(without.available[1]?.createdBy).toBe('superuser');
});

test('an update is there when the versions differ, with its statement when scripts lead there', () => {
  const { updates, installed } = report(
    {
      database: 'foo',
      installed: [
        plpgsql,
        entry({ name: 'hll', version: '2.17', newest: '2.18', updatable: true }),
        entry({ name: 'odd"name', version: '1', newest: '2', updatable: true }),
        entry({ name: 'age', version: '9', newest: '1.5', updatable: false }),
        entry({ name: 'gone', version: '1', newest: null }),
        entry({ name: 'timescaledb', version: '2', newest: '2' }),
      ],
    },
    { database: 'bar', reason: 'it takes no connections' },
  );
  expect(updates).toEqual([
    { database: 'foo', name: 'hll', from: '2.17', to: '2.18', statement: 'ALTER EXTENSION "hll" UPDATE' },
    {
      database: 'foo',
      name: 'odd"name',
      from: '1',
      to: '2',
      statement: 'ALTER EXTENSION "odd""name" UPDATE',
    },
    { database: 'foo', name: 'age', from: '9', to: '1.5' },
  ]);
  expect(installed.filter(({ missing }) => missing).map(({ name }) => name)).toEqual(['gone']);
  expect(installed.filter(({ notLoaded }) => notLoaded).map(({ name }) => name)).toEqual(['timescaledb']);
});

test('the text: one line for many databases, updates with their statement, long comments cut', () => {
  const many = Array.from({ length: 8 }, (_, index) => ({ database: `db${index}`, installed: [plpgsql] }));
  const text = formatReport(
    report(
      ...many,
      {
        database: 'shop',
        installed: [
          entry({ name: 'hll', version: '2.17', newest: '2.18', updatable: true }),
          entry({ name: 'gone', version: '1', newest: null }),
        ],
      },
      { database: 'broken', reason: 'it takes no connections' },
    ),
  );
  expect(text).toMatch(/^plpgsql +1\.0 +pg_catalog +db0, db1, db2, db3, db4 and 3 more$/m);
  expect(text).toMatch(/^gone +1 +public +shop +not in this image$/m);
  expect(text).toMatch(/^shop +hll +2\.17 +2\.18 +ALTER EXTENSION "hll" UPDATE$/m);
  expect(text).toContain("pgherd psql acid-demo --database DATABASE -- -X -c 'STATEMENT'");
  expect(text).toMatch(/^broken +it takes no connections$/m);
  expect(text).toMatch(/^hll +2\.18 +owner +HyperLogLog$/m);
  expect(text).toMatch(/^timescaledb +2\.19\.3 +superuser +not loaded +x{63}…$/m);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(140);
});

test('a name cannot steer the terminal', () => {
  expect(printable('a\x1b[2J\nb\u202e')).toBe('a\\u{1b}[2J\\u{a}b\\u{202e}');
  const text = formatReport(report({ database: 'x\x1b]0;owned\x07', installed: [plpgsql] }));
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});
