import type { Declared, DeclaredDatabase } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(async () => {
  await lab?.stop();
});

const prepared: Declared = {
  roles: ['owner', 'reader', 'writer', 'data_owner', 'data_reader', 'data_writer'].map((kind) =>
    role(`foo_${kind}`, ['nologin']),
  ),
  databases: [
    {
      name: 'foo',
      source: 'spec.preparedDatabases.foo',
      owner: 'foo_owner',
      schemas: [
        {
          name: 'data',
          owner: 'foo_data_owner',
          usage: ['foo_reader', 'foo_writer', 'foo_data_reader', 'foo_data_writer'],
        },
        { name: 'History', owner: 'foo_owner', usage: ['foo_reader', 'foo_writer'] },
      ],
      extensions: [
        { name: 'earthdistance', schema: 'public' },
        { name: 'cube', schema: 'data' },
        { name: 'pg_stat_statements', schema: 'public' },
        { name: 'uuid-ossp', schema: 'History' },
        { name: 'plpgsql', schema: 'pg_catalog' },
      ],
      defaultPrivileges: [
        { owner: 'foo_owner', reader: 'foo_reader', writer: 'foo_writer' },
        { owner: 'foo_owner', schema: 'data', reader: 'foo_reader', writer: 'foo_writer' },
        { owner: 'foo_data_owner', schema: 'data', reader: 'foo_data_reader', writer: 'foo_data_writer' },
      ],
    },
  ],
};

test('a prepared database: schemas, extensions, default privileges; a second pass finds nothing to do', async () => {
  const expected = [
    'create database foo',
    'in database foo: create schema data',
    'in database foo: create schema History',
    'in database foo: set default privileges of foo_owner',
    'in database foo: set default privileges of foo_owner in schema data',
    'in database foo: set default privileges of foo_data_owner in schema data',
    'in database foo: create extension cube',
    'in database foo: create extension earthdistance',
    'in database foo: create extension pg_stat_statements',
    'in database foo: create extension uuid-ossp',
  ];
  const before = await lab.plan(prepared);
  expect(before.conflicts).toEqual([]);
  const done = await lab.done(prepared);
  expect(done.slice(-expected.length)).toEqual(expected);
  // What was announced before the database was there is what was done.
  expect(before.steps.map(({ what }) => what).slice(-expected.length)).toEqual(
    expected.map((what) => what.replace('in database foo: ', '')),
  );
});

test('what one may do with what others make is as declared, and not more', async () => {
  await lab.done(prepared);
  await lab.sql(
    'postgres',
    'foo',
    `CREATE ROLE app LOGIN PASSWORD 'app' IN ROLE foo_data_owner; CREATE ROLE reads LOGIN PASSWORD 'reads' IN ROLE foo_data_reader;
     CREATE ROLE writes LOGIN PASSWORD 'writes' IN ROLE foo_data_writer`,
  );
  await lab.sql(
    'app',
    'foo',
    'SET ROLE foo_data_owner; CREATE TABLE data.t (id serial, x int); INSERT INTO data.t (x) VALUES (1)',
  );
  expect(await lab.sql('reads', 'foo', 'SELECT x FROM data.t')).toEqual([{ x: 1 }]);
  await lab.sql('writes', 'foo', 'INSERT INTO data.t (x) VALUES (2)');
  await expect(lab.sql('reads', 'foo', 'INSERT INTO data.t (x) VALUES (3)')).rejects.toMatchObject({
    code: '42501',
  });
  await expect(lab.sql('writes', 'foo', 'CREATE TABLE data.u ()')).rejects.toMatchObject({ code: '42501' });
});

test('default privileges: what is missing is given again, what others have stays', async () => {
  await lab.done(prepared);
  await lab.sql(
    'postgres',
    'foo',
    `CREATE ROLE outsider; ALTER DEFAULT PRIVILEGES FOR ROLE foo_owner IN SCHEMA data GRANT ALL ON TABLES TO outsider;
     ALTER DEFAULT PRIVILEGES FOR ROLE foo_owner IN SCHEMA data REVOKE UPDATE ON TABLES FROM foo_writer`,
  );
  const { steps } = await lab.plan(prepared);
  expect(steps.map(({ why, shown }) => [why, shown])).toEqual([
    [
      'spec.preparedDatabases.foo: missing: UPDATE on tables for foo_writer',
      [
        'ALTER DEFAULT PRIVILEGES FOR ROLE "foo_owner" IN SCHEMA "data" GRANT UPDATE ON TABLES TO "foo_writer"',
      ],
    ],
  ]);
  await lab.done(prepared);
  const [row] = await lab.sql(
    'postgres',
    'foo',
    `select count(*)::int as count from pg_default_acl, aclexplode(defaclacl) where grantee = 'outsider'::regrole`,
  );
  expect(row).toEqual({ count: 7 });
});

function foo(changes: Partial<DeclaredDatabase>): Declared {
  return { ...prepared, databases: [{ name: 'foo', owner: 'foo_owner', ...changes }] };
}

test('a schema goes to its own owner role from the one of the database, not from anybody else', async () => {
  await lab.done(prepared);
  const own = foo({
    schemas: [
      { name: 'History', owner: 'foo_data_owner' },
      { name: 'data', owner: 'foo_data_owner' },
    ],
  });
  expect(await lab.done(own)).toEqual(['in database foo: change owner of schema History']);
  await lab.sql('postgres', 'foo', 'CREATE SCHEMA theirs; ALTER SCHEMA "History" OWNER TO foo_reader');
  expect(
    await lab.done(
      foo({
        schemas: [
          { name: 'History', owner: 'foo_owner' },
          { name: 'theirs', owner: 'foo_owner', usage: ['foo_reader'] },
          { name: 'public', owner: 'foo_owner' },
        ],
      }),
    ),
  ).toEqual(['in database foo: let others use schema theirs']);
  await lab.sql('postgres', 'foo', 'ALTER SCHEMA "History" OWNER TO foo_owner');
});

test('an extension is moved if it can be, and what cannot be done is told with what to do', async () => {
  await lab.done(prepared);
  const extensions = [{ name: 'cube', schema: 'History' }];
  expect(await lab.done(foo({ extensions }))).toEqual([
    'in database foo: move extension cube to schema History',
  ]);
  await lab.sql('postgres', 'foo', 'CREATE EXTENSION IF NOT EXISTS xml2 SCHEMA public');
  expect(
    await lab.problems(
      foo({
        schemas: [
          { name: 'nobodys', owner: 'nobody' },
          { name: 'pg_mine', owner: 'foo_owner' },
          { name: 'x'.repeat(64), owner: 'foo_owner' },
        ],
        extensions: [
          { name: 'xml2', schema: 'data' },
          { name: 'no_such', schema: 'public' },
          { name: 'adminpack', schema: 'public' },
          { name: 'hstore', schema: 'nowhere' },
          { name: 'cube', schema: 'nowhere' },
        ],
        defaultPrivileges: [
          { owner: 'foo_owner', schema: 'nowhere', reader: 'foo_reader', writer: 'foo_writer' },
          { owner: 'foo_owner', reader: 'nobody', writer: 'foo_writer' },
        ],
      }),
    ),
  ).toEqual([
    'database "foo", schema "nobodys": its owner "nobody" does not exist; declare the role.',
    'database "foo", schema "pg_mine": PostgreSQL reserves names that begin with pg_; choose another name.',
    `database "foo", schema "${'x'.repeat(64)}": the name has 64 bytes, and PostgreSQL allows 63; choose another name.`,
    'database "foo", default privileges of "foo_owner": the schema "nowhere" does not exist; declare it.',
    'database "foo", default privileges of "foo_owner": the role "nobody" does not exist; declare the role.',
    'database "foo", extension "xml2": it is in the schema "public" and cannot be moved; declare it with that schema.',
    'database "foo", extension "no_such": the server does not have it; `pgherd extensions` with the name of the cluster lists what it has.',
    'database "foo", extension "adminpack": it can only be in the schema "pg_catalog"; declare it with that schema.',
    'database "foo", extension "hstore": its schema "nowhere" does not exist; declare it under the schemas of the database.',
    'database "foo", extension "cube": its schema "nowhere" does not exist; declare it under the schemas of the database.',
  ]);
  await lab.sql('postgres', 'foo', 'DROP EXTENSION earthdistance, cube, xml2');
  expect(await lab.problems(foo({ extensions: [{ name: 'earthdistance', schema: 'public' }] }))).toEqual([
    'database "foo", extension "earthdistance": it requires cube; declare that, too.',
  ]);
});

test('what PostgreSQL refuses keeps only what needs it from being done', async () => {
  const declared: Declared = {
    roles: prepared.roles,
    databases: [
      {
        name: 'refused',
        owner: 'foo_owner',
        schemas: [{ name: 'later', owner: 'foo_owner' }],
        extensions: [
          { name: 'earthdistance', schema: 'public' },
          { name: 'cube', schema: 'public' },
          { name: 'plpgsql', schema: 'pg_catalog' },
        ],
      },
    ],
  };
  await lab.done({ ...declared, databases: [{ name: 'refused', owner: 'foo_owner' }] });
  await lab.sql('postgres', 'refused', 'CREATE SCHEMA pgherd_new_extension');
  expect(await lab.problems(declared)).toEqual([
    expect.stringMatching(
      /^in database refused: create extension cube: .*schema "pgherd_new_extension" already exists$/,
    ),
    'in database refused: create extension earthdistance: not tried, because "create extension cube" failed',
  ]);
  await lab.sql('postgres', 'refused', 'DROP SCHEMA pgherd_new_extension');
  expect(await lab.done(declared)).toEqual([
    'in database refused: create extension cube',
    'in database refused: create extension earthdistance',
  ]);
});

test('databases that nobody can work in are told, and hold up nobody', async () => {
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE closed');
  await lab.sql('postgres', 'postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS false');
  await lab.sql('postgres', 'postgres', 'CREATE DATABASE broken');
  // What an interrupted DROP DATABASE leaves.
  await lab.sql('postgres', 'postgres', "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'");
  const schemas = [{ name: 's', owner: 'foo_owner' }];
  const owner = 'foo_owner';
  const declared: Declared = {
    roles: prepared.roles,
    databases: ['closed', 'broken', 'template1', 'open'].map((name) => ({ name, owner, schemas })),
  };
  await lab.sql(
    'postgres',
    'postgres',
    'ALTER DATABASE closed OWNER TO foo_owner; ALTER DATABASE broken OWNER TO foo_owner',
  );
  expect(await lab.problems(declared)).toEqual([
    'database "template1": PostgreSQL reserves this name; choose another name.',
    'database "closed": it allows no connections, so that nothing can be made in it; ALTER DATABASE … ALLOW_CONNECTIONS true.',
    'database "broken": somebody began to drop it; drop it, and it is made anew.',
  ]);
  expect(
    await lab.sql(
      'postgres',
      'open',
      `select nspowner::regrole::text as owner from pg_namespace where nspname = 's'`,
    ),
  ).toEqual([{ owner }]);
  // Without contents there is nothing to tell about them.
  expect(await lab.problems({ roles: [], databases: [{ name: 'closed', owner }] })).toEqual([]);
  await lab.sql('postgres', 'postgres', 'DROP DATABASE broken');
});

test.each([
  'a"b',
  "it's",
  'UPPER',
  '漢字',
  '$1',
  'select',
  String.raw`back\slash`,
  '"; DROP SCHEMA public CASCADE; --',
  'x'.repeat(63),
])('hostile name %j of database, schema and roles', async (name) => {
  const others = { reader: `r${name}`.slice(0, 60), writer: `w${name}`.slice(0, 60) };
  await lab.done({
    roles: [name, others.reader, others.writer].map((each) => role(each, ['nologin'])),
    databases: [
      {
        name,
        owner: name,
        schemas: [{ name, owner: name, usage: [others.reader] }],
        extensions: [
          { name: 'citext', schema: name },
          { name: 'xml2', schema: name },
        ],
        defaultPrivileges: [
          { owner: name, ...others },
          { owner: name, schema: name, ...others },
        ],
      },
    ],
  });
  const rows = await lab.sql(
    'postgres',
    name,
    "SELECT nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname IN ('citext', 'xml2')",
  );
  expect(rows).toEqual([{ schema: name }, { schema: name }]);
});

test('impossible names are refused before anything is sent, and keep nothing else from being done', async () => {
  for (const name of ['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b', '\uD800']) {
    const declared: Declared = {
      roles: prepared.roles,
      databases: [
        {
          name: 'impossible',
          owner: 'foo_owner',
          schemas: [
            { name, owner: 'foo_owner' },
            { name: 'possible', owner: 'foo_owner', usage: [name] },
          ],
          extensions: [
            { name, schema: 'possible' },
            { name: 'citext', schema: name },
          ],
          defaultPrivileges: [
            { owner: name, reader: 'foo_reader', writer: 'foo_writer' },
            { owner: 'foo_owner', schema: name, reader: 'foo_reader', writer: 'foo_writer' },
          ],
        },
      ],
    };
    expect(await lab.problems(declared)).toHaveLength(6);
    const { steps } = await lab.plan(declared);
    expect(steps).toEqual([]);
  }
  const [row] = await lab.sql(
    'postgres',
    'impossible',
    "SELECT FROM pg_namespace WHERE nspname = 'possible'",
  );
  expect(row).toBeDefined();
});
