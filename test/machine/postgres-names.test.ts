import { type Declared, identifier, literal, observe } from '@pgherd/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(() => lab?.stop());

const hostile = [
  'a"b',
  "a'b",
  'a b',
  'UPPER',
  'ünïcödé',
  '漢字',
  '"; DROP ROLE postgres; --',
  "'; DROP DATABASE postgres; --",
  'select',
  'user',
  String.raw`back\slash`,
  '$$',
  '$1',
  '%s',
  'a\nb',
  '\u202Eright to left',
  'x'.repeat(63),
  'é'.repeat(31),
  '-',
  '1',
  '🐘',
  '__proto__',
  'constructor',
];

test.each(hostile)('hostile name %j is quoted right', async (name) => {
  const [group, database] = [`g${name}`.slice(0, 30), `${name.slice(0, 20)}_db`];
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const declared: Declared = {
    roles: [
      role(name, [], {
        password: name,
        admins: [group],
        settings: { application_name: name, search_path: `${quoted}, public`, 'my.setting': `=${name}` },
      }),
      role(group, ['nologin'], { person: true }),
      role('of_all', [], { memberOf: [name] }),
    ],
    databases: [{ name: database, owner: name }],
  };
  await lab.apply(declared);
  const observed = await observe(lab.superuser);
  expect(observed.databases.get(database)?.owner).toBe(name);
  expect(observed.roles.has('postgres')).toBe(true);
  expect(observed.roles.get('of_all')?.memberOf.has(name)).toBe(true);
  const [session] = await lab.withSession(
    (connection) => connection.query("select current_setting('my.setting') as setting, current_user as me"),
    name,
    name,
    database,
  );
  expect(session).toEqual({ setting: `=${name}`, me: name });
});

test.each(['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b', 'pg_mine', 'public', 'none', '\uD800'])(
  'impossible name %j is refused before anything is sent',
  async (name) => {
    const planned = await lab.plan({ roles: [role(name)], databases: [] });
    expect(planned.steps).toEqual([]);
    expect(planned.conflicts).toHaveLength(1);
  },
);

test('any text survives quoting as identifier and as literal', async () => {
  const texts = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
    .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63 && text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const [row] = await lab.superuser.query(`select ${literal(text)} as ${identifier(text)}`);
      expect(Object.entries(row ?? {})).toEqual([[text, text]]);
    }),
    { numRuns: 200 },
  );
});

test('what users plant in schemas and settings is never run by the operator', async () => {
  await lab.apply({
    roles: [role('mallory', [], { password: 'm' })],
    databases: [{ name: 'planted', owner: 'mallory' }],
  });
  await lab.superuser.query(
    'ALTER DATABASE planted SET search_path = evil, pg_catalog; ALTER ROLE postgres SET search_path = evil, pg_catalog',
  );
  await lab.withSession(
    async (mallory) => {
      await mallory.query(`CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
        CREATE FUNCTION evil.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'select true';
        CREATE FUNCTION evil.json_agg_state(json, json) RETURNS json LANGUAGE sql AS 'select null::json';
        CREATE AGGREGATE evil.json_agg(json) (SFUNC = evil.json_agg_state, STYPE = json);
        CREATE FUNCTION evil.differs(oid, oid) RETURNS bool LANGUAGE sql AS 'select false';
        CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.differs);
        CREATE VIEW evil.pg_roles AS SELECT 'nobody'::name AS rolname, 0::oid AS oid`);
    },
    'mallory',
    'm',
    'planted',
  );
  await lab.withSession(
    async (connection) => {
      const observed = await observe(connection);
      expect(observed.inRecovery).toBe(false);
      expect(observed.databases.get('planted')?.owner).toBe('mallory');
      expect(await connection.query('SHOW search_path')).toEqual([{ search_path: 'pg_catalog,pg_temp' }]);
    },
    'postgres',
    lab.server.password,
    'planted',
  );
  await lab.superuser.query('ALTER ROLE postgres RESET search_path');
});
