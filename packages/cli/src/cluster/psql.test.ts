import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { databaseOf, psqlCommand } from './psql.ts';

const manifest = {
  metadata: { name: 'acid-demo' },
  spec: {
    databases: { foo: 'zalando', 'bar; DROP': 'Bar' },
    preparedDatabases: { shop: {}, shop_eu: {} },
  },
} as unknown as Postgresql;

test('a role works in the database that it owns, or whose prepared role it is', () => {
  const found = ['zalando', 'Bar', 'shop_owner_user', 'shop_eu_data_reader', 'shopper', 'foo'].map((role) =>
    databaseOf(role, manifest),
  );
  expect(found).toEqual(['foo', 'bar; DROP', 'shop', 'shop_eu', undefined, undefined]);
});

test('role, database and arguments reach psql as they are, whatever is in them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-psql-'));
  try {
    const program = '#!/bin/sh\nprintf "%s|" "$PGUSER" "$PGDATABASE" "$@"\n';
    writeFileSync(join(directory, 'psql'), program, { mode: 0o755 });
    const run = ([file = '', ...args]: string[], env: Record<string, string> = {}): string =>
      execFileSync(file, args, { env: { PATH: `${directory}:${process.env['PATH']}`, ...env } }).toString();
    expect(run(psqlCommand('a"; $(b)', "-c 'x=y", ['-Atc', 'select $1']))).toBe(
      'a"; $(b)|-c \'x=y|-Atc|select $1|',
    );
    expect(run(psqlCommand(undefined, 'postgres', []))).toBe('postgres|postgres|');
    expect(run(psqlCommand(undefined, 'foo', ['-l']), { PGUSER_SUPERUSER: 'root' })).toBe('root|foo|-l|');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
