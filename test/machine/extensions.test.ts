/** What `pgherd extensions` asks, put to a real server with databases that somebody hostile owns. */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  databaseQuery,
  queryCommand,
  serverQuery,
  type InstalledEntry,
  type ServerEntry,
} from '@pgherd/cli/extensions';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => server?.stop());

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  PGHOST: server.host,
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: server.password,
});

function psql(script: string, database = 'postgres'): string {
  return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1'], {
    input: script,
    env: { ...environment(), PGDATABASE: database },
    encoding: 'utf8',
  });
}

function ask(database: string, query: string): unknown {
  const [program, ...args] = queryCommand(database, query) as [string, ...string[]];
  const { status, stdout, stderr } = spawnSync(program, args, { env: environment(), encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

const askServer = (): ServerEntry => ask('postgres', serverQuery) as ServerEntry;
const askDatabase = (name: string): InstalledEntry[] => ask(name, databaseQuery) as InstalledEntry[];

const hostileNames = [
  'dbname=postgres user=nobody',
  'postgresql://elsewhere/x',
  `a"b'c; DROP DATABASE postgres; --`,
  '-c\n\\! touch /tmp/x',
  'Größe ✓',
];

test('databases of any name are found and looked into', () => {
  for (const name of hostileNames) {
    psql(`SELECT format('CREATE DATABASE %I', $name$${name}$name$) \\gexec`);
    psql('CREATE EXTENSION citext', name);
  }
  psql(`CREATE DATABASE closed ALLOW_CONNECTIONS false`);
  const { databases } = askServer();
  expect(databases.filter(({ connectable }) => connectable).map(({ name }) => name)).toEqual(
    expect.arrayContaining(hostileNames),
  );
  expect(databases).toContainEqual({ name: 'closed', connectable: false });
  expect(databases.map(({ name }) => name)).not.toContain('template0');
  for (const name of hostileNames) {
    expect(askDatabase(name)).toEqual([
      { name: 'citext', version: '1.6', schema: 'public', newest: '1.6', updatable: false },
      { name: 'plpgsql', version: '1.0', schema: 'pg_catalog', newest: '1.0', updatable: false },
    ]);
  }
});

test('what can be installed, and who may', () => {
  const { available, allowed, preloaded } = askServer();
  expect({ allowed, preloaded }).toEqual({ allowed: null, preloaded: '' });
  expect(available).toContainEqual(expect.objectContaining({ name: 'citext', trusted: true }));
  expect(available).toContainEqual(expect.objectContaining({ name: 'pg_stat_statements', trusted: false }));
});

test('an older version is told with whether scripts lead to the newer one', () => {
  psql('CREATE DATABASE shop');
  psql(
    `CREATE EXTENSION hstore VERSION '1.4'; CREATE EXTENSION citext;
     UPDATE pg_extension SET extversion = '99' WHERE extname = 'citext';
     UPDATE pg_extension SET extname = 'gone"' WHERE extname = 'plpgsql';`,
    'shop',
  );
  const found = askDatabase('shop');
  expect(found.map(({ name, version, newest, updatable }) => [name, version, newest, updatable])).toEqual([
    ['citext', '99', '1.6', false],
    ['gone"', '1.0', null, false],
    ['hstore', '1.4', '1.8', true],
  ]);
});

test('an owner who plants functions and settings is not run and does not change the answer', () => {
  psql(`CREATE ROLE mallory; CREATE DATABASE trap OWNER mallory`);
  psql(
    `SET ROLE mallory;
     CREATE SCHEMA evil;
     CREATE TABLE evil.log (who name);
     CREATE FUNCTION evil.trap() RETURNS json LANGUAGE plpgsql
       AS 'BEGIN INSERT INTO evil.log VALUES (session_user); RETURN ''{}''; END';
     CREATE FUNCTION evil.json_agg(name) RETURNS json LANGUAGE sql AS 'SELECT evil.trap()';
     CREATE FUNCTION evil.differs(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT evil.trap() IS NULL';
     CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.differs);
     CREATE VIEW evil.pg_extension AS SELECT 'planted'::name AS extname;
     ALTER DATABASE trap SET search_path = evil, pg_catalog;
     ALTER DATABASE trap SET statement_timeout = 1;`,
    'trap',
  );
  expect(askDatabase('trap').map(({ name }) => name)).toEqual(['plpgsql']);
  expect(psql('SET search_path = evil; SELECT count(*) FROM evil.log', 'trap').trim()).toBe('0');
});
