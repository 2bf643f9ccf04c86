import { renameSync } from 'node:fs';
import type { Declared } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(async () => {
  await lab?.stop();
});

const declared = (...databases: string[]): Declared => ({
  roles: [
    role('pooler', [], { password: 'pooler' }),
    role('mallory', [], { password: 'mallory' }),
    role('other_pooler', [], { password: 'other_pooler' }),
  ],
  databases: databases.map((name) => ({ name, owner: 'mallory' })),
  lookup: { role: 'pooler', schema: 'pooler' },
});

const withoutLookup = (database: string): Partial<Declared> => {
  const { roles, databases } = declared(database);
  return { roles, databases };
};

/** What PgBouncer asks, as it asks it: with a parameter of no type. */
async function lookUp(database: string, name: string, user = 'pooler'): Promise<[unknown, string]> {
  const rows = await lab.withSession(
    async (connection) => {
      // A session of the operator's kind has its own search_path whatever the database says; PgBouncer's has not.
      await connection.query(
        `SELECT set_config('search_path', coalesce(
           (SELECT substring(setting from '=(.*)') FROM pg_db_role_setting s, unnest(s.setconfig) setting
            WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND setting LIKE 'search_path=%'), 'public'), false)`,
      );
      return connection.query<{ uname: string | null; phash: string | null }>(
        'SELECT * FROM pooler.user_lookup($1)',
        [name],
      );
    },
    user,
    user,
    database,
  );
  expect(rows).toHaveLength(1);
  return [rows[0]?.uname, String(rows[0]?.phash).slice(0, 14)];
}

const scram = 'SCRAM-SHA-256$';

test('the lookup is in every database that one can work in, and for nobody but the pooler', async () => {
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE somebodys');
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE a_template IS_TEMPLATE true');
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE closed ALLOW_CONNECTIONS false');
  const done = await lab.done(declared('mine'));
  expect(done.filter((what) => what.includes('lookup')).toSorted()).toEqual(
    ['mine', 'postgres', 'somebodys'].map((name) => `in database ${name}: install lookup of the poolers`),
  );
  for (const database of ['mine', 'postgres', 'somebodys']) {
    expect(await lookUp(database, 'mallory')).toEqual(['mallory', scram]);
    await expect(lookUp(database, 'mallory', 'mallory')).rejects.toMatchObject({ code: '42501' });
  }
  // What PgBouncer expects of a role that is not there, cannot log in, or whose password has run out.
  expect(await lookUp('mine', 'nobody here')).toEqual([null, 'null']);
  expect(await lookUp('mine', 'pg_monitor')).toEqual([null, 'null']);
  await lab.sql('postgres', 'postgres', "ALTER ROLE other_pooler VALID UNTIL '2000-01-01'");
  expect(await lookUp('mine', 'other_pooler')).toEqual(['other_pooler', 'null']);
  // A superuser's too, as with Zalando's: people who come through the pooler as one would be locked out.
  expect(await lookUp('mine', 'postgres')).toEqual(['postgres', scram]);
  await lab.sql('postgres', 'postgres', "ALTER ROLE other_pooler VALID UNTIL 'infinity'");
  // One that somebody makes later gets it at the next look.
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE later');
  expect(await lab.done(declared('mine'))).toEqual(['in database later: install lookup of the poolers']);
});

/** As Zalando's operator makes it. */
const zalandos = `
  CREATE SCHEMA IF NOT EXISTS pooler;
  CREATE OR REPLACE FUNCTION pooler.user_lookup(in i_username text, out uname text, out phash text) RETURNS record AS $$
  BEGIN
    SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = i_username INTO uname, phash;
    RETURN;
  END;
  $$ LANGUAGE plpgsql SECURITY DEFINER;
  REVOKE ALL ON FUNCTION pooler.user_lookup(text) FROM public, pooler;
  GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO pooler;
  GRANT USAGE ON SCHEMA pooler TO pooler`;

/** An operator of mallory's that counts, whatever becomes of the transaction, as whom it ran. */
const plantedOperator = `
  CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
  CREATE SEQUENCE evil.ran_as_superuser; GRANT ALL ON SEQUENCE evil.ran_as_superuser TO PUBLIC;
  CREATE FUNCTION evil.equal(name, text) RETURNS bool LANGUAGE plpgsql AS $$
  BEGIN
    IF pg_catalog.current_setting('is_superuser') = 'on' OR current_user = 'postgres' THEN
      PERFORM pg_catalog.nextval('evil.ran_as_superuser');
    END IF;
    RETURN true;
  END $$;
  CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.equal);
  ALTER DATABASE zalandos SET search_path = evil, pg_catalog`;

async function ranAsSuperuser(database: string): Promise<unknown> {
  const [row] = await lab.sql('postgres', database, 'SELECT is_called FROM evil.ran_as_superuser');
  return row?.['is_called'];
}

test("somebody's database that is out of order is told, and is no failure", async () => {
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE careless');
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE damaged');
  const [row] = await lab.sql(
    'postgres',
    'postgres',
    `SELECT current_setting('data_directory') || '/base/' || oid AS path FROM pg_database WHERE datname = 'damaged'`,
  );
  await lab.sql(
    'postgres',
    'careless',
    `CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
     ALTER FUNCTION public.on_ddl() OWNER TO mallory;
     CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION public.on_ddl()`,
  );
  await lab.superuser.query('CHECKPOINT');
  renameSync(String(row?.['path']), `${String(row?.['path'])}.gone`);
  try {
    const { notes, conflicts } = await lab.apply(declared('mine'));
    expect(conflicts).toEqual([]);
    expect(notes.map(({ object, message }) => `${object}: ${message}`)).toEqual([
      expect.stringMatching(
        /^database "careless": its event trigger t \(function public\.on_ddl of mallory\) would run/,
      ),
      expect.stringMatching(/^database "damaged": .*database "damaged" does not exist$/),
    ]);
  } finally {
    renameSync(`${String(row?.['path'])}.gone`, String(row?.['path']));
    await lab.sql('postgres', 'postgres', 'DROP DATABASE careless');
    await lab.sql('postgres', 'postgres', 'DROP DATABASE damaged');
  }
});

test("Zalando's function is replaced, because the owner of the database can have his code run in it", async () => {
  await lab.done(withoutLookup('zalandos'));
  await lab.sql('postgres', 'zalandos', zalandos);
  await lab.sql(
    'postgres',
    'zalandos',
    'GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO other_pooler; GRANT USAGE ON SCHEMA pooler TO other_pooler',
  );
  await lab.sql('mallory', 'zalandos', plantedOperator);
  const { steps } = await lab.plan(declared('zalandos'));
  expect(steps.map(({ why, shown }) => [why, shown.length])).toEqual([
    ['the function user_lookup is not as it should be', 1],
  ]);
  // The attack works before …
  await lookUp('zalandos', 'mallory');
  expect(await ranAsSuperuser('zalandos')).toBe(true);
  await lab.sql('postgres', 'zalandos', 'ALTER SEQUENCE evil.ran_as_superuser RESTART');
  await lab.done(declared('zalandos'));
  // … and not after, neither for the pooler nor for those whom a superuser had let use it.
  expect(await lookUp('zalandos', 'mallory')).toEqual(['mallory', scram]);
  expect(await lookUp('zalandos', 'mallory', 'other_pooler')).toEqual(['mallory', scram]);
  expect(await ranAsSuperuser('zalandos')).toBe(false);
});

test('what the owner of a database made in its place is taken over, and he cannot change it any more', async () => {
  await lab.done(withoutLookup('planted'));
  const answer = `AS $$ SELECT 'postgres'::text, 'SCRAM of mine'::text $$`;
  await lab.sql(
    'mallory',
    'planted',
    `CREATE SCHEMA pooler; GRANT USAGE ON SCHEMA pooler TO PUBLIC;
     CREATE TABLE pooler.mine AS SELECT 1 AS x;
     CREATE FUNCTION pooler.user_lookup(i_username text, OUT uname text, OUT phash text) LANGUAGE sql ${answer};
     CREATE FUNCTION pooler.user_lookup(i_username varchar, OUT uname text, OUT phash text) LANGUAGE sql ${answer};
     CREATE FUNCTION pooler.user_lookup(i_username name, OUT uname text, OUT phash text) LANGUAGE sql ${answer};
     CREATE FUNCTION pooler.user_lookup(i_username anyelement, OUT uname text, OUT phash text) LANGUAGE sql ${answer};
     CREATE FUNCTION pooler.user_lookup(VARIADIC i_username text[], OUT uname text, OUT phash text) LANGUAGE sql ${answer};
     CREATE FUNCTION pooler.user_lookup_before_1() RETURNS int LANGUAGE sql AS 'SELECT 1';
     GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO other_pooler WITH GRANT OPTION;
     CREATE VIEW public.uses_it AS SELECT * FROM pooler.user_lookup('postgres'::text)`,
  );
  const { steps } = await lab.plan(declared('planted'));
  expect(steps.map(({ why }) => why)).toEqual([
    'the schema pooler belongs to mallory, who could replace the lookup; pooler cannot use schema pooler; the function user_lookup is one that its owner can replace; there is no function user_lookup',
  ]);
  await lab.done(declared('planted'));
  expect(await lookUp('planted', 'mallory')).toEqual(['mallory', scram]);
  for (const statement of [
    "SELECT * FROM pooler.user_lookup('postgres'::text)",
    'DROP FUNCTION pooler.user_lookup(text)',
    'ALTER FUNCTION pooler.user_lookup(text) RENAME TO x',
    'ALTER FUNCTION pooler.user_lookup(text) SET SCHEMA public',
    'ALTER FUNCTION pooler.user_lookup(text) SET search_path = public',
    "CREATE OR REPLACE FUNCTION pooler.user_lookup(i_username text, OUT uname text, OUT phash text) LANGUAGE sql AS $$ SELECT ''::text, ''::text $$",
    'GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO mallory',
    'DROP SCHEMA pooler CASCADE',
    'ALTER SCHEMA pooler RENAME TO x',
    'ALTER SCHEMA pooler OWNER TO mallory',
  ])
    await expect(lab.sql('mallory', 'planted', statement), statement).rejects.toMatchObject({
      code: '42501',
    });
  await expect(lookUp('planted', 'postgres', 'other_pooler')).rejects.toMatchObject({ code: '42501' });
  // What was his still is, and works.
  expect(
    await lab.sql('mallory', 'planted', 'SELECT x, pooler.user_lookup_before_1() AS y FROM pooler.mine'),
  ).toEqual([{ x: 1, y: 1 }]);
  expect(await lab.sql('mallory', 'planted', "SELECT phash FROM pooler.user_lookup_before_2('a')")).toEqual([
    { phash: 'SCRAM of mine' },
  ]);
  expect(await lab.sql('mallory', 'planted', 'SELECT phash FROM public.uses_it')).toEqual([
    { phash: 'SCRAM of mine' },
  ]);
  await lab.sql('mallory', 'planted', 'CREATE TABLE pooler.more ()');
  expect(await lookUp('planted', 'mallory')).toEqual(['mallory', scram]);
});

test("another kind of thing under the function's name makes room, whoever made it", async () => {
  for (const [database, made] of Object.entries({
    another_result: "CREATE FUNCTION pooler.user_lookup(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    a_procedure: "CREATE PROCEDURE pooler.user_lookup(text) LANGUAGE sql AS ''",
    an_aggregate: 'CREATE AGGREGATE pooler.user_lookup(text) (SFUNC = textcat, STYPE = text)',
    many_rows:
      "CREATE FUNCTION pooler.user_lookup(i_username text, OUT uname text, OUT phash text) RETURNS SETOF record LANGUAGE sql AS $$ SELECT ''::text, ''::text $$",
  })) {
    await lab.done(withoutLookup(database));
    await lab.sql('postgres', database, `CREATE SCHEMA pooler; ${made}`);
    await lab.done(declared(database));
    expect(await lookUp(database, 'mallory')).toEqual(['mallory', scram]);
  }
});

test('rights that are too many are taken back, those of others stay', async () => {
  await lab.done(declared('rights'));
  await lab.sql(
    'postgres',
    'rights',
    `GRANT CREATE ON SCHEMA pooler TO pooler; GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO PUBLIC;
     GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO pooler WITH GRANT OPTION;
     GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO other_pooler; GRANT USAGE ON SCHEMA pooler TO other_pooler`,
  );
  const { steps } = await lab.plan(declared('rights'));
  expect(steps.map(({ why }) => why)).toEqual([
    'pooler can make things in schema pooler; everybody can execute it; pooler can let others execute it',
  ]);
  await lab.done(declared('rights'));
  expect(await lookUp('rights', 'mallory', 'other_pooler')).toEqual(['mallory', scram]);
  await expect(lookUp('rights', 'mallory', 'mallory')).rejects.toMatchObject({ code: '42501' });
  await expect(lab.sql('pooler', 'rights', 'CREATE TABLE pooler.t ()')).rejects.toMatchObject({
    code: '42501',
  });
});

test('a schema that cannot be the lookup’s, and a role that is not there, are told once', async () => {
  for (const [schema, problem] of Object.entries({
    public:
      'this schema belongs to the owner of each database; name another in spec.connectionPooler.schema or connection_pooler_schema.',
    pg_pooler:
      'PostgreSQL reserves names that begin with pg_; name another in spec.connectionPooler.schema or connection_pooler_schema.',
    '': 'a name must not be empty; name another in spec.connectionPooler.schema or connection_pooler_schema.',
  }))
    expect(await lab.problems({ lookup: { role: 'pooler', schema } })).toEqual([
      `lookup of the poolers in schema ${JSON.stringify(schema)}: ${problem}`,
    ]);
  expect(await lab.problems({ lookup: { role: 'nobody', schema: 'pooler' } })).toEqual([
    'lookup of the poolers in schema "pooler": the role "nobody" does not exist.',
  ]);
  const schemas = [{ name: 'pooler', owner: 'mallory' }];
  expect(
    await lab.problems({ ...declared(), databases: [{ name: 'mine', owner: 'mallory', schemas }] }),
  ).toEqual([
    'database "mine", schema "pooler": the poolers keep their lookup in a schema of this name; choose another name, or set connection_pooler_schema to another.',
  ]);
});

test.each(['a"b', "it's", 'UPPER', '漢字', '$body$', String.raw`back\slash`, '"; DROP ROLE postgres; --'])(
  'hostile name %j of schema, role and database',
  async (name) => {
    await lab.done({
      roles: [role(name, [], { password: name })],
      databases: [{ name, owner: name }],
      lookup: { role: name, schema: name },
    });
    const quoted = `"${name.replaceAll('"', '""')}"`;
    expect(await lab.sql(name, name, `SELECT uname FROM ${quoted}.user_lookup('postgres')`)).toEqual([
      { uname: 'postgres' },
    ]);
  },
);
