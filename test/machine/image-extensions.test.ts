/** The extensions of the database image, on a server of it: all can be created, and the important ones work. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { preloadLibraries } from '@pgherd/cli/extensions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type ImageServer, startImageServer } from '../support/image-server.ts';
import { projectRoot } from '../support/instance.ts';

/** What the image loads by default, and what cannot even be created without. */
const preloaded =
  'pg_stat_statements,pgextwlist,set_user,timescaledb,pg_cron,pg_stat_kcache,' +
  'pgaudit,pglogical,pg_squeeze';

/** Why `CREATE EXTENSION` cannot be: these have a control file only, or a database of their own. */
const exceptions: Record<string, RegExp> = {
  // Debian's names for one version of PostGIS beside another; the plain names are those to create.
  'address_standardizer-3': /no installation script/,
  'address_standardizer_data_us-3': /no installation script/,
  'postgis-3': /no installation script/,
  'postgis_raster-3': /no installation script/,
  'postgis_sfcgal-3': /no installation script/,
  'postgis_tiger_geocoder-3': /no installation script/,
  'postgis_topology-3': /no installation script/,
  // An output plugin; its control file has no script.
  decoderbufs: /no installation script/,
  // Lives in the database that `cron.database_name` names.
  pg_cron: /can only create extension in database postgres/,
  plpgsql: /already exists/,
};

let server: ImageServer;
beforeAll(async () => {
  server = await startImageServer('localhost/pgherd/postgres:17', {
    shared_preload_libraries: preloaded,
    max_worker_processes: 20,
  });
  await server.psql('CREATE DATABASE scratch; CREATE DATABASE smoke');
});
afterAll(() => server?.stop());

test('every extension can be created, with what it requires', async () => {
  const names = (await server.psql('SELECT name FROM pg_available_extensions ORDER BY 1')).stdout
    .trim()
    .split('\n');
  // Each in a session of its own: some libraries do not take it well that their extension is gone again.
  const script = names.map(
    (name) => `\\connect\n\\warn @${name}\nBEGIN;\nCREATE EXTENSION "${name}" CASCADE;\nROLLBACK;\n`,
  );
  const { stderr } = await server.psql(script.join(''), 'scratch');
  const failures = new Map<string, string>();
  for (const part of stderr.split(/^@/m).slice(1)) {
    const error = /^.*(ERROR|FATAL|PANIC): .*$/m.exec(part)?.[0];
    if (error !== undefined) failures.set(part.split('\n')[0] ?? '', error);
  }
  for (const [name, expected] of Object.entries(exceptions)) {
    expect(failures.get(name), name).toMatch(expected);
    failures.delete(name);
  }
  expect(Object.fromEntries(failures)).toEqual({});
  expect(names.length).toBeGreaterThan(100);
});

test('the list in the documentation names what the image has', async () => {
  const text = readFileSync(join(projectRoot, 'docs/reference/extensions.md'), 'utf8');
  const listed = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).sort();
  const { stdout } = await server.psql('SELECT name FROM pg_available_extensions');
  expect(listed).toEqual(stdout.trim().split('\n').sort());
});

test('every library that an extension needs at start is in the image, or its extension is not', async () => {
  const { stdout } = await server.psql('SELECT name FROM pg_available_extensions');
  const available = new Set(stdout.trim().split('\n'));
  const missing = Object.entries(preloadLibraries).filter(
    ([name, library]) => available.has(name) && !server.libraries.includes(library),
  );
  expect(missing).toEqual([]);
});

/** Scripts that end in one line of output. */
const smoke: Record<string, [script: string, answer: string]> = {
  PostGIS: [
    `CREATE EXTENSION postgis CASCADE; CREATE EXTENSION postgis_raster; CREATE EXTENSION postgis_topology;
     SELECT round(ST_Distance('POINT(0 0)'::geography, 'POINT(1 0)'::geography))`,
    '111319',
  ],
  pgvector: [
    `CREATE EXTENSION vector; CREATE TABLE points (at vector(3));
     INSERT INTO points VALUES ('[1,1,1]'), ('[9,9,9]'); CREATE INDEX ON points USING hnsw (at vector_l2_ops);
     SELECT at FROM points ORDER BY at <-> '[8,8,8]' LIMIT 1`,
    '[9,9,9]',
  ],
  TimescaleDB: [
    `CREATE EXTENSION timescaledb; CREATE TABLE measures (at timestamptz NOT NULL, value int);
     DO $$BEGIN PERFORM create_hypertable('measures', 'at'); END$$;
     INSERT INTO measures SELECT '2026-01-01'::timestamptz + day * interval '1 day', day FROM generate_series(1, 30) AS day;
     SELECT count(*) > 1 FROM show_chunks('measures')`,
    't',
  ],
  pgq: [
    `SET client_min_messages = error; CREATE EXTENSION pgq; CREATE TEMP TABLE done AS
     SELECT pgq.create_queue('orders'), pgq.register_consumer('orders', 'shop');
     CREATE TEMP TABLE sent AS SELECT pgq.insert_event('orders', 'new', 'payload');
     CREATE TEMP TABLE forced AS SELECT pgq.force_tick('orders');
     CREATE TEMP TABLE ticked AS SELECT pgq.ticker();
     SELECT ev_data FROM pgq.get_batch_events(pgq.next_batch('orders', 'shop'))`,
    'payload',
  ],
  'PL/Proxy': [
    `CREATE EXTENSION plproxy; CREATE FUNCTION elsewhere() RETURNS name LANGUAGE plproxy
       AS $$ CONNECT 'host=/run/postgresql dbname=postgres'; SELECT current_database(); $$;
     SELECT elsewhere()`,
    'postgres',
  ],
  pg_partman: [
    `CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman;
     CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at);
     CREATE TEMP TABLE parent AS SELECT partman.create_parent('public.events', 'at', '1 day');
     SELECT count(*) > 5 FROM pg_inherits WHERE inhparent = 'events'::regclass`,
    't',
  ],
  'pg_stat_statements and pg_stat_kcache': [
    `CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_kcache;
     SELECT count(*) > 0 FROM pg_stat_statements JOIN pg_stat_kcache_detail ON true`,
    't',
  ],
  languages: [
    `CREATE EXTENSION plperl; CREATE EXTENSION plpython3u; CREATE EXTENSION pltcl; CREATE EXTENSION pllua;
     CREATE FUNCTION perl() RETURNS int LANGUAGE plperl AS 'return 1';
     CREATE FUNCTION python() RETURNS int LANGUAGE plpython3u AS 'return 2';
     CREATE FUNCTION tcl() RETURNS int LANGUAGE pltcl AS 'return 3';
     CREATE FUNCTION lua() RETURNS int LANGUAGE pllua AS 'return 4';
     SELECT perl() + python() + tcl() + lua()`,
    '10',
  ],
};

test.each(Object.keys(smoke))('%s works', async (name) => {
  const [script, answer] = smoke[name] as [string, string];
  const { stdout, stderr } = await server.psql(script, 'smoke');
  expect({ answer: stdout.trim(), errors: stderr.match(/^(ERROR|FATAL):.*/gm) }).toEqual({
    answer,
    errors: null,
  });
});

test('TimescaleDB is the Apache part, and calls nobody', async () => {
  expect(await server.value('SHOW timescaledb.license', 'smoke')).toBe('apache');
  const telemetry = `SELECT coalesce(max(setting), 'off') FROM pg_settings WHERE name = 'timescaledb.telemetry_level'`;
  expect(await server.value(telemetry, 'smoke')).toBe('off');
});

test('after a promotion TimescaleDB is as new as the image in every database, whatever its name', async () => {
  const name = `dbname=postgres "it's" $(id)`;
  await server.psql(`SELECT format('CREATE DATABASE %I', $$${name}$$) \\gexec`);
  await server.psql('CREATE EXTENSION timescaledb', name);
  const newest = await server.value(
    `SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'`,
    name,
  );
  // What an image with 2.19.2 would have left, whose library this one does not have.
  await server.psql(
    `UPDATE _timescaledb_catalog.metadata SET value = '2.19.2' WHERE key = 'timescaledb_version';
     UPDATE pg_extension SET extversion = '2.19.2' WHERE extname = 'timescaledb'`,
    name,
  );
  await expect(server.value('SELECT 1', name)).rejects.toThrow('timescaledb-2.19.2');
  server.run('/scripts/update_timescaledb.sh');
  expect(await server.value(`SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'`, name)).toBe(
    newest,
  );
  await server.psql(`SELECT format('DROP DATABASE %I (FORCE)', $$${name}$$) \\gexec`);
});

test.each(['wal2json', 'decoderbufs', 'test_decoding'])('a slot of %s', async (plugin) => {
  await server.psql('CREATE TABLE IF NOT EXISTS changes (id int PRIMARY KEY)', 'smoke');
  expect(
    await server.value(`SELECT slot_name FROM pg_create_logical_replication_slot('s', '${plugin}')`, 'smoke'),
  ).toBe('s');
  await server.psql('TRUNCATE changes; INSERT INTO changes VALUES (42)', 'smoke');
  const read = `SELECT count(*) > 0 FROM pg_logical_slot_get_binary_changes('s', NULL, NULL)`;
  expect(await server.value(read, 'smoke')).toBe('t');
  await server.psql(`SELECT pg_drop_replication_slot('s')`, 'smoke');
});

test('pgaudit writes what it is asked to', async () => {
  await server.psql(
    `CREATE EXTENSION pgaudit; SET pgaudit.log = 'read'; SELECT 'audited', relname FROM pg_class`,
    'smoke',
  );
  expect(server.log()).toMatch(/AUDIT: SESSION,1,1,READ,SELECT,,,.*audited/);
});

test('a job of pg_cron runs, for cron_admin too', async () => {
  const init = readFileSync(join(projectRoot, 'images/postgres/scripts/post_init.sh'), 'utf8');
  const script = /<<'SQL'\n([\s\S]*?)\nSQL\n/.exec(init)?.[1] ?? '';
  const first = await server.psql(`\\set human_role people\n\\set ON_ERROR_STOP 1\n${script}`);
  const again = await server.psql(`\\set human_role people\n\\set ON_ERROR_STOP 1\n${script}`);
  expect([first.stderr, again.stderr]).toEqual(['', '']);
  await server.psql('CREATE ROLE worker LOGIN IN ROLE cron_admin; GRANT CREATE ON SCHEMA public TO worker');
  const scheduled = await server.psql(
    `SET SESSION AUTHORIZATION worker;
     SELECT cron.schedule_in_database('job', '1 second', 'CREATE TABLE IF NOT EXISTS public.ran AS SELECT current_user', 'smoke');
     SELECT cron.schedule_in_database('more', '1 second', 'SELECT 1', 'smoke', 'postgres');`,
  );
  expect(scheduled.stderr).toMatch(/^ERROR: +must be superuser to create a job for another role/);
  await server.psql('GRANT CREATE ON SCHEMA public TO worker', 'smoke');
  await eventually(
    'the job ran',
    async () => (await server.value('SELECT * FROM public.ran', 'smoke')) === 'worker',
  );
});

test("an owner creates what Spilo's users may, and can use it", async () => {
  await server.psql('CREATE ROLE owner LOGIN; CREATE DATABASE owned OWNER owner');
  const { stderr, stdout } = await server.psql(
    `SET client_min_messages = error; SET SESSION AUTHORIZATION owner;
     CREATE EXTENSION hll; CREATE EXTENSION pgq; CREATE EXTENSION pgq_node; CREATE EXTENSION postgres_fdw; CREATE SCHEMA partman;
     CREATE EXTENSION pg_partman SCHEMA partman;
     CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw;
     SELECT pgq.create_queue('mine');
     SELECT count(*) FROM partman.part_config;
     SELECT count(*) FROM pgq_node.get_queue_locations('mine');
     CREATE EXTENSION dblink;`,
    'owned',
  );
  expect(stderr.trim()).toMatch(/^ERROR: +permission denied to create extension "dblink"$/);
  expect(stdout.trim()).toBe('1\n0\n0');
});
