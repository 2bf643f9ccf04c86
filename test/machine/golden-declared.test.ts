import { readFileSync, readdirSync } from 'node:fs';
import { PostgresError, type Declared } from '@pgherd/postgres';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PostgresLab } from '../support/postgres-lab.ts';

/**
 * What comes of every golden input inside PostgreSQL (`*.declared.yaml`), on a real server: it can be done, it is done at once,
 * and it works. The mask of passwords is as good a password as any.
 */

const folder = new URL('../../packages/operator/src/golden/cases/', import.meta.url);

const superuser = 'postgres';

let lab: PostgresLab;
/** Extensions that the server has. */
let available: Set<unknown>;

beforeAll(async () => {
  lab = await PostgresLab.start();
  const rows = await lab.sql(superuser, 'postgres', 'select name from pg_available_extensions');
  available = new Set(rows.map(({ name }) => name));
});

afterAll(() => lab.stop());

/** As new. */
afterEach(async () => {
  const databases = await lab.superuser.query<{ name: string }>(
    `select quote_ident(datname) as name from pg_database where not datistemplate and datname <> 'postgres'`,
  );
  for (const { name } of databases) await lab.superuser.query(`drop database ${name} with (force)`);
  const roles = await lab.superuser.query<{ name: string }>(
    `select quote_ident(rolname) as name from pg_roles where rolname !~ '^pg_' and rolname <> 'postgres'`,
  );
  for (const { name } of roles) await lab.superuser.query(`drop owned by ${name}`);
  for (const { name } of roles) await lab.superuser.query(`drop role ${name}`);
});

/** Without what this server has not, and its superuser with the password that he has. */
function possible(declared: Declared): Declared {
  return {
    ...declared,
    roles: declared.roles.map(({ password: secret, ...role }) =>
      role.name === superuser || secret === undefined ? role : { ...role, password: secret },
    ),
    databases: declared.databases.map((database) => ({
      ...database,
      extensions: (database.extensions ?? []).filter(({ name }) => available.has(name)),
    })),
  };
}

/** Roles that are referred to and not declared: the image makes them, or people do. */
function elsewhere({ roles, databases }: Declared): string[] {
  const named = [
    ...roles.flatMap(({ memberOf = [], admins = [] }) => [...memberOf, ...admins]),
    ...databases.map(({ owner }) => owner),
  ];
  const known = new Set(roles.map(({ name }) => name));
  return [...new Set(named)].filter((name) => !known.has(name) && !name.startsWith('pg_')).sort();
}

/** Undefined where PostgreSQL is left alone. */
function declaredOf(name: string): Declared | undefined {
  const text = readFileSync(new URL(`${name}.declared.yaml`, folder), 'utf8');
  return (parse(text) as Declared | null) ?? undefined;
}

/** Every input that declares something else than those before it. */
const cases = new Map<string, { name: string; declared: Declared }>();
for (const file of readdirSync(folder).filter((each) => each.endsWith('.declared.yaml'))) {
  const name = file.replace('.declared.yaml', '');
  const declared = declaredOf(name);
  const text = JSON.stringify(declared);
  if (declared !== undefined && !cases.has(text)) cases.set(text, { name, declared });
}

async function apply(declared: Declared): Promise<Declared> {
  const wanted = possible(declared);
  for (const name of elsewhere(wanted)) await lab.superuser.query(`create role "${name}"`);
  // Refuses nothing, and a second pass finds nothing to do: otherwise it throws.
  expect((await lab.done(wanted)).length).toBeGreaterThan(0);
  return wanted;
}

test.each([...cases.values()])('$name', async ({ declared }) => {
  const { roles } = await apply(declared);
  for (const { name, attributes, password } of roles) {
    if (name === superuser) continue;
    const outcome = await loginOutcome(name, password ?? 'guessed');
    expect([name, outcome]).toEqual([name, attributes.login === true ? 'is in' : 'is refused']);
  }
});

async function loginOutcome(name: string, password: string): Promise<string> {
  try {
    return await lab.withSession(async () => 'is in', name, password);
  } catch (error) {
    if (error instanceof PostgresError && error.code?.startsWith('28') === true) return 'is refused';
    throw error;
  }
}

test('who may do what in a prepared database', async () => {
  const declared = declaredOf('prepared');
  if (declared === undefined) throw new Error('nothing is declared');
  const { roles } = await apply(declared);
  /** As an application does it: with the settings of the role. */
  const as = async (user: string, statement: string): Promise<unknown[]> => {
    const password = roles.find(({ name }) => name === user)?.password ?? '';
    const { host, port } = lab.server;
    const client = new Client({ host, port, user, password, database: 'shop' });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const denied = { code: '42501' };

  // Unqualified names are looked for in the schemas of the role.
  await as('shop_owner_user', 'create table t (x int); create table history.old (x int)');
  await as('shop_owner_user', 'create table shared.s (x serial)');
  await as('shop_data_owner_user', 'create table u (x int)');
  await expect(as('shop_data_owner_user', 'create table history.mine ()')).rejects.toMatchObject(denied);

  for (const reader of ['shop_reader_user', 'shop_writer_user'])
    for (const table of ['t', 'u', 'history.old', 'shared.s'])
      expect(await as(reader, `select * from ${table}`)).toEqual([]);
  for (const reader of ['shop_data_reader_user', 'shop_data_writer_user']) {
    for (const table of ['t', 'u']) expect(await as(reader, `select * from ${table}`)).toEqual([]);
    await expect(as(reader, 'select * from history.old')).rejects.toMatchObject(denied);
    await expect(as(reader, 'select * from shared.s')).rejects.toMatchObject(denied);
  }
  for (const reader of ['shop_reader_user', 'shop_data_reader_user'])
    await expect(as(reader, 'insert into t values (1)')).rejects.toMatchObject(denied);
  await as('shop_writer_user', 'insert into t values (1); insert into shared.s default values');
  await as('shop_data_writer_user', 'update t set x = 2; delete from u');
  for (const writer of ['shop_writer_user', 'shop_data_writer_user']) {
    await expect(as(writer, 'create table data.mine ()')).rejects.toMatchObject(denied);
    await expect(as(writer, 'drop table t')).rejects.toMatchObject({ code: '42501' });
  }
  expect(await as('shop_reader_user', 'select x from t')).toEqual([{ x: 2 }]);
});
