import { connect, type Declared, type DeclaredDatabase, identifier } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';

/** There is no ln(integer), so that PostgreSQL takes ln(double precision); an ln(integer) of somebody's fits better. */
const script = 'SELECT ln(1);';

function extension(name: string, control: string, text = script): Record<string, string> {
  return { [`${name}.control`]: `default_version = '1'\n${control}\n`, [`${name}--1.sql`]: text };
}

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start(
    { max_prepared_transactions: '2' },
    {
      ...extension('moves', 'relocatable = true'),
      ...extension('stays', 'relocatable = false'),
      ...extension('base', 'relocatable = true', "CREATE TYPE base_type AS ENUM ('a');"),
      ...extension(
        'builds_on_base',
        "relocatable = true\nrequires = 'base'",
        `${script} SELECT 'a'::base_type;`,
      ),
      ...extension('has_its_own', "relocatable = false\nschema = 'its_own'"),
      ...extension(
        'must_be_loaded',
        'relocatable = true',
        "DO $$ BEGIN RAISE EXCEPTION 'must_be_loaded can only be loaded via shared_preload_libraries'; END $$;",
      ),
    },
  );
  await lab.apply({ roles: [role('mallory', [], { password: 'mallory' })] });
});
afterAll(async () => {
  await lab?.stop();
});

/** Counts, whatever becomes of the transaction, when something planted ran as a superuser. */
const trap = `
  CREATE SCHEMA trap; GRANT USAGE ON SCHEMA trap TO PUBLIC;
  CREATE SEQUENCE trap.sprung; GRANT ALL ON SEQUENCE trap.sprung TO PUBLIC;
  CREATE FUNCTION trap.spring() RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
      PERFORM pg_catalog.nextval('trap.sprung');
    END IF;
  END $$`;

const planted = (schema: string): string => `
  CREATE FUNCTION ${schema}.ln(integer) RETURNS float8 LANGUAGE plpgsql AS $$
  BEGIN PERFORM trap.spring(); RETURN 0; END $$`;

async function isSprung(database: string): Promise<unknown> {
  const [row] = await lab.sql('postgres', database, 'SELECT is_called FROM trap.sprung');
  return row?.['is_called'];
}

function mallorys(name: string, contents: Partial<DeclaredDatabase> = {}): Declared {
  return {
    roles: [role('mallory'), role('pooler')],
    databases: [{ name, owner: 'mallory', ...contents }],
  };
}

/** A database of mallory's with a trap in it. */
async function trapped(name: string, statements = ''): Promise<void> {
  await lab.done(mallorys(name));
  await lab.sql('mallory', name, `${trap}; ${statements}`);
}

const everything = (name: string): Declared => ({
  ...mallorys(name, {
    schemas: [{ name: 'data', owner: 'mallory', usage: ['pooler'] }],
    extensions: [{ name: 'hstore', schema: 'data' }],
    defaultPrivileges: [{ owner: 'mallory', reader: 'pooler', writer: 'pooler' }],
  }),
  lookup: { role: 'pooler', schema: 'pooler' },
});

test.each([
  'role = mallory',
  'session_authorization = mallory',
  'search_path = trap, pg_catalog',
  'default_transaction_read_only = on',
  'transaction_read_only = on',
  'default_transaction_isolation = serializable',
  'default_transaction_deferrable = on',
  "local_preload_libraries = 'nonsense'",
  'statement_timeout = 1',
  'lock_timeout = 1',
  'idle_in_transaction_session_timeout = 1',
  'idle_session_timeout = 1',
  'exit_on_error = on',
  'client_encoding = latin1',
  'default_tablespace = nowhere',
  'default_table_access_method = nothing',
  'check_function_bodies = off',
  'row_security = off',
  'standard_conforming_strings = off',
  'backslash_quote = off',
  'quote_all_identifiers = on',
  'transform_null_equals = on',
  'array_nulls = off',
  "DateStyle = 'Postgres, DMY'",
  'bytea_output = escape',
  'client_min_messages = debug5',
  'debug_print_parse = on',
  'password_encryption = md5',
  'force_parallel_mode = on',
  'jit_above_cost = 0',
  'xmloption = document',
])('ALTER DATABASE … SET %s changes nothing', async (setting) => {
  const name = `set ${setting.split(' ')[0]}`;
  await lab.done(mallorys(name));
  await lab.sql('mallory', 'postgres', `ALTER DATABASE ${identifier(name)} SET ${setting}`);
  await lab.done(everything(name));
  const owners = await lab.sql(
    'postgres',
    name,
    `SELECT DISTINCT pg_get_userbyid(proowner) AS owner FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'pooler' OR p.proname = 'hstore'`,
  );
  expect(owners).toEqual([{ owner: 'postgres' }]);
  await lab.sql('postgres', 'postgres', `DROP DATABASE ${identifier(name)}`);
});

test('nothing that is called like something of the catalogue is found', async () => {
  const names = ['pg_namespace', 'pg_extension', 'pg_default_acl', 'pg_proc', 'pg_roles', 'pg_event_trigger'];
  await trapped(
    'named',
    `${names
      .flatMap((name) => [
        `CREATE FUNCTION public.${name}_sprung() RETURNS SETOF pg_catalog.${name} LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(); END $$`,
        `CREATE VIEW public.${name} AS SELECT * FROM public.${name}_sprung()`,
      ])
      .join(';')};
     CREATE FUNCTION public.aclexplode(aclitem[]) RETURNS SETOF record LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(); END $$;
     CREATE FUNCTION public.current_database() RETURNS name LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(); RETURN ''; END $$;
     CREATE FUNCTION public.equal(name, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(); RETURN true; END $$;
     CREATE FUNCTION public.equal(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(); RETURN true; END $$;
     CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.equal);
     CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.equal);
     ALTER DATABASE named SET search_path = public, pg_catalog`,
  );
  // So that the trap is known to work.
  await lab.sql('postgres', 'named', 'SET search_path = public, pg_catalog; SELECT * FROM pg_namespace');
  expect(await isSprung('named')).toBe(true);
  await lab.sql('postgres', 'named', 'ALTER SEQUENCE trap.sprung RESTART');
  await lab.done(everything('named'));
  expect(await isSprung('named')).toBe(false);
});

test('an extension that can be moved never sees what is planted where it will be', async () => {
  await trapped('moving', planted('public'));
  // So that the trap is known to work.
  await lab.sql('postgres', 'moving', 'CREATE EXTENSION moves SCHEMA public; DROP EXTENSION moves');
  expect(await isSprung('moving')).toBe(true);
  await lab.sql('postgres', 'moving', 'ALTER SEQUENCE trap.sprung RESTART');
  await lab.done(mallorys('moving', { extensions: [{ name: 'moves', schema: 'public' }] }));
  expect(await isSprung('moving')).toBe(false);
});

const advice =
  "Its script would run as superuser and could find these instead of PostgreSQL's own. Put it into a schema where only superusers have functions and operators, or make it by hand, as superuser, after a look at them.";

test('an extension that cannot be moved is refused where somebody has functions or operators', async () => {
  await trapped(
    'staying',
    `${planted('public')}; CREATE SCHEMA clean; CREATE SCHEMA operators;
    CREATE OPERATOR operators.! (RIGHTARG = integer, FUNCTION = public.ln)`,
  );
  const inSchema = (schema: string) => mallorys('staying', { extensions: [{ name: 'stays', schema }] });
  expect(await lab.problems(inSchema('public'))).toEqual([
    `in database staying: create extension stays: function public.ln(integer) of mallory: ${advice}`,
  ]);
  expect(await lab.problems(inSchema('operators'))).toEqual([
    `in database staying: create extension stays: operator operators.!(NONE,integer) of mallory: ${advice}`,
  ]);
  // The functions of superusers are no danger, and neither is anything elsewhere.
  await lab.sql(
    'postgres',
    'staying',
    'CREATE FUNCTION clean.ln(integer) RETURNS float8 LANGUAGE sql AS $$ SELECT 0::float8 $$',
  );
  await lab.done(inSchema('clean'));
  expect(await isSprung('staying')).toBe(false);
});

test('an extension with a schema of its own is refused when somebody made that first', async () => {
  await trapped('own', `CREATE SCHEMA its_own; ${planted('its_own')}`);
  const declared = mallorys('own', { extensions: [{ name: 'has_its_own', schema: 'its_own' }] });
  expect(await lab.problems(declared)).toEqual([
    `in database own: create extension has_its_own: function its_own.ln(integer) of mallory: ${advice}`,
  ]);
  await lab.sql('mallory', 'own', 'DROP SCHEMA its_own CASCADE');
  await lab.done(declared);
  expect(await isSprung('own')).toBe(false);
});

test('what is planted where a required extension is, is found too', async () => {
  await trapped('required', 'CREATE SCHEMA bases');
  const declared = (schema: string) =>
    mallorys('required', {
      extensions: [
        { name: 'builds_on_base', schema: 'public' },
        { name: 'base', schema },
      ],
    });
  await lab.done(mallorys('required', { extensions: [{ name: 'base', schema: 'bases' }] }));
  await lab.sql('mallory', 'required', planted('bases'));
  expect(await lab.problems(declared('bases'))).toEqual([
    `in database required: create extension builds_on_base: function bases.ln(integer) of mallory: ${advice}`,
  ]);
  await lab.sql('mallory', 'required', 'DROP FUNCTION bases.ln(integer)');
  await lab.done(declared('bases'));
  expect(await isSprung('required')).toBe(false);
});

test('what a transaction is planting that is still open is waited for, and seen', async () => {
  await trapped('open');
  const declared = mallorys('open', { extensions: [{ name: 'stays', schema: 'public' }] });
  const { host, port } = lab.server;
  const mallory = await connect({ host, port, user: 'mallory', password: 'mallory', database: 'open' });
  const isWaitedFor = async (): Promise<boolean> => {
    const rows = await lab.sql(
      'postgres',
      'open',
      "SELECT FROM pg_locks WHERE relation = 'pg_proc'::regclass AND mode = 'ShareRowExclusiveLock' AND granted",
    );
    return rows.length > 0;
  };
  try {
    for (const end of ['COMMIT', 'ROLLBACK']) {
      await lab.sql('mallory', 'open', 'DROP FUNCTION IF EXISTS public.ln(integer)');
      await mallory.query(`BEGIN; ${planted('public')}`);
      const problems = lab.problems(declared);
      await eventually('the operator waits', isWaitedFor);
      await mallory.query(end);
      expect(await problems).toEqual(
        end === 'COMMIT'
          ? [`in database open: create extension stays: function public.ln(integer) of mallory: ${advice}`]
          : [],
      );
    }
  } finally {
    await mallory.close();
  }
  expect(await isSprung('open')).toBe(false);
  expect((await lab.plan(declared)).steps).toEqual([]);
});

test('a transaction that does not end is told, and holds nothing up for ever', async () => {
  await trapped('prepared');
  await lab.sql('mallory', 'prepared', `BEGIN; ${planted('public')}; PREPARE TRANSACTION 'hidden'`);
  const declared = mallorys('prepared', { extensions: [{ name: 'stays', schema: 'public' }] });
  expect(await lab.problems(declared)).toEqual([
    'in database prepared: create extension stays: prepared transaction of mallory: it may have made something that cannot be seen yet; tried again later.',
  ]);
  await lab.sql('mallory', 'prepared', "ROLLBACK PREPARED 'hidden'");
  await lab.done(declared);
});

test('a library that must be loaded is told with the parameter', async () => {
  const declared = mallorys('loading', { extensions: [{ name: 'must_be_loaded', schema: 'public' }] });
  expect(await lab.problems(declared)).toEqual([
    expect.stringMatching(
      /^in database loading: create extension must_be_loaded: .*; add the extension's library to shared_preload_libraries under spec\.postgresql\.parameters, which restarts the servers$/,
    ),
  ]);
});

test('what is planted in template1 comes with every new database, and is found there', async () => {
  await lab.sql('postgres', 'template1', 'GRANT CREATE ON SCHEMA public TO PUBLIC');
  try {
    await lab.sql('mallory', 'template1', planted('public').replace('trap.spring()', 'pg_catalog.now()'));
    const declared = mallorys('copied', {
      extensions: [
        { name: 'stays', schema: 'public' },
        { name: 'moves', schema: 'public' },
      ],
    });
    expect(await lab.problems(declared)).toEqual([
      `in database copied: create extension stays: function public.ln(integer) of mallory: ${advice}`,
    ]);
  } finally {
    await lab.sql(
      'postgres',
      'template1',
      'DROP FUNCTION public.ln(integer); REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    );
  }
});

test('an event trigger whose function somebody else can replace keeps the operator from changing anything', async () => {
  await trapped(
    'events',
    `CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(); END $$`,
  );
  await expect(
    lab.sql(
      'mallory',
      'events',
      'CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION public.on_ddl()',
    ),
  ).rejects.toMatchObject({ code: '42501' });
  await lab.sql(
    'postgres',
    'events',
    'CREATE EVENT TRIGGER careless ON ddl_command_end EXECUTE FUNCTION public.on_ddl()',
  );
  await lab.sql('postgres', 'events', "SELECT setval('trap.sprung', 1, false)");
  const declared = mallorys('events', { schemas: [{ name: 'data', owner: 'mallory' }] });
  expect(await lab.problems(declared)).toEqual([
    'database "events": its event trigger careless (function public.on_ddl of mallory) would run with every change, as superuser, what somebody wrote who is none; give the function to a superuser.',
  ]);
  expect(await isSprung('events')).toBe(false);
  await lab.sql('postgres', 'events', 'DROP EVENT TRIGGER careless');
  await lab.done(declared);
});

test('a role that is called as a superuser’s sessions act, and settings of the superuser himself', async () => {
  await lab.sql(
    'postgres',
    'postgres',
    'ALTER ROLE postgres SET role = mallory; ALTER ROLE postgres SET statement_timeout = 1',
  );
  try {
    await lab.done(everything('as himself'));
    expect(
      await lab.sql(
        'postgres',
        'as himself',
        "SELECT nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = 'pooler'",
      ),
    ).toEqual([{ owner: 'postgres' }]);
  } finally {
    await lab.sql('postgres', 'postgres', 'ALTER ROLE postgres RESET ALL');
  }
});
