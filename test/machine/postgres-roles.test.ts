import { type Declared, execute, literal, observe, passwordMatches } from '@pgherd/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(() => lab?.stop());

test('the minimal manifest: roles, passwords, database; a second pass finds nothing to do', async () => {
  const declared: Declared = {
    roles: [
      role('zalando', ['superuser', 'createdb'], { password: 'z' }),
      role('foo_user', [], { password: 'f' }),
    ],
    databases: [{ name: 'foo', owner: 'zalando' }],
  };
  const first = await lab.apply(declared);
  expect(first.steps.map(({ what }) => what)).toEqual([
    'create role zalando',
    'create role foo_user',
    'create database foo',
  ]);

  const [session] = await lab.withSession(
    (connection) =>
      connection.query<{ user: string; ssl: boolean; superuser: boolean }>(
        `select current_user as user, (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as ssl,
           (select rolsuper from pg_roles where rolname = current_user) as superuser`,
      ),
    'foo_user',
    'f',
    'foo',
  );
  expect(session).toEqual({ user: 'foo_user', ssl: true, superuser: false });
  await expect(lab.login('foo_user', 'wrong')).rejects.toMatchObject({ code: '28P01' });
});

test('what differs is changed, and each change says why', async () => {
  const name = 'changing';
  await lab.apply({
    roles: [role(name, [], { password: 'old' }), role('owner_a'), role('group_a', ['nologin'])],
    databases: [],
  });
  await lab.apply({ roles: [], databases: [{ name: 'changing', owner: 'owner_a' }] });
  const declared: Declared = {
    roles: [
      role(name, ['CREATEDB', 'nologin'], { password: 'new', memberOf: ['group_a'], admins: ['owner_a'] }),
    ],
    databases: [{ name: 'changing', owner: name }],
  };
  const { steps } = await lab.apply(declared);
  expect(steps.map(({ what, why }) => `${what} (${why})`)).toEqual([
    'change role changing (attributes: createdb nologin; the password is another than in the Secret)',
    'grant role group_a to changing (not a member)',
    'grant role changing to owner_a (not a member)',
    'change owner of database changing (owner: owner_a → changing)',
  ]);
  // Nothing is taken away that is not declared any more.
  expect((await lab.plan({ roles: [role(name, ['nologin'])], databases: [] })).steps).toEqual([]);
});

test('an unknown group is told, an unknown owner is a conflict; neither keeps anything else from being done', async () => {
  const planned = await lab.apply({
    roles: [role('lonely', [], { memberOf: ['nobody_here'] })],
    databases: [{ name: 'ownerless', owner: 'nobody_here' }],
  });
  expect(planned.notes.map(({ object }) => object)).toEqual(['role "lonely"']);
  expect(planned.conflicts.map(({ object }) => object)).toEqual(['database "ownerless"']);
  expect((await observe(lab.superuser)).roles.has('lonely')).toBe(true);
});

test('a step that PostgreSQL refuses does not keep the others from being done', async () => {
  const refused = {
    what: 'x',
    why: 'x',
    statements: ['CREATE ROLE postgres'],
    shown: [],
    secret: false,
    transaction: true,
  };
  const { steps } = await lab.plan({ roles: [role('after_refusal')], databases: [] });
  const outcome = await execute(lab.sessions, [refused, ...steps]);
  expect(outcome.failed.map(({ error }) => [error.code, error.transient])).toEqual([['42710', false]]);
  expect((await observe(lab.superuser)).roles.has('after_refusal')).toBe(true);
});

test('an md5 password that is right stays, one that is wrong is replaced by SCRAM', async () => {
  await lab.superuser.query(
    "SET password_encryption = 'md5'; CREATE ROLE legacy LOGIN PASSWORD 'right'; RESET password_encryption",
  );
  expect(
    (await lab.plan({ roles: [role('legacy', [], { password: 'right' })], databases: [] })).steps,
  ).toEqual([]);
  await lab.apply({ roles: [role('legacy', [], { password: 'other' })], databases: [] });
  expect((await observe(lab.superuser)).roles.get('legacy')?.verifier).toMatch(/^SCRAM-SHA-256\$4096:/);
});

test('settings: values with everything in them, lists as lists; what is not declared stays', async () => {
  await lab.superuser.query(
    "CREATE ROLE tuned; ALTER ROLE tuned SET jit = off; ALTER ROLE tuned SET work_mem = '1MB'",
  );
  const settings = {
    work_mem: '64 MB',
    application_name: `it's = "x" \\ ; DROP ROLE tuned`,
    'my.app_id': 'a=b=c',
    Search_Path: '"$user", "Data, and more",Other,"quo""ted"',
    temp_tablespaces: '',
    DateStyle: 'ISO,  DMY',
    timezone: 'Europe/Berlin',
    local_preload_libraries: '$libdir/plugins/a, "b c"',
    log_statement: 'all',
    sort_mem: '64 MB',
  };
  const { sort_mem: _, ...once } = settings;
  const { steps } = await lab.apply({ roles: [role('tuned', [], { password: 't', settings: once })] });
  expect(steps.find(({ what }) => what === 'set work_mem for role tuned')?.why).toBe('it is "1MB"');
  const [row] = await lab.superuser.query<{ setconfig: string[] }>(
    "select setconfig from pg_db_role_setting where setrole = 'tuned'::regrole and setdatabase = 0",
  );
  expect(row?.setconfig).toContain('jit=off');
  expect(row?.setconfig).toContain('search_path="$user", "Data, and more", other, "quo""ted"');
  const twice = await lab.plan({ roles: [role('tuned', [], { settings })] });
  expect(twice.conflicts.map(({ message }) => message)).toEqual(['the parameter work_mem is set twice.']);
  await lab.superuser.query('ALTER ROLE tuned RESET local_preload_libraries');
  const [session] = await lab.withSession(
    (connection) =>
      connection.query(`select
    current_setting('work_mem') as work_mem, current_setting('my.app_id') as app`),
    'tuned',
    't',
  );
  expect(session).toEqual({ work_mem: '64MB', app: 'a=b=c' });
});

test('a value that PostgreSQL refuses keeps none of the others from being set', async () => {
  const settings = { work_mem: 'a lot', no_such_parameter: '1', jit: 'off' };
  const { steps } = await lab.plan({ roles: [role('mistuned', [], { settings })] });
  const outcome = await execute(lab.sessions, steps);
  expect(outcome.done.map(({ what }) => what)).toEqual(['create role mistuned', 'set jit for role mistuned']);
  expect(outcome.failed.map(({ step }) => step.what)).toEqual([
    'set work_mem for role mistuned',
    'set no_such_parameter for role mistuned',
  ]);
});

test('settings for one database, or of all roles, are others', async () => {
  await lab.superuser.query(
    'CREATE ROLE only_here; ALTER ROLE only_here IN DATABASE postgres SET jit = off; ALTER ROLE ALL SET statement_timeout = 0',
  );
  const { steps } = await lab.apply({
    roles: [role('only_here', [], { settings: { jit: 'off', statement_timeout: '0' } })],
  });
  expect(steps.map(({ what }) => what)).toEqual([
    'change role only_here',
    'set jit for role only_here',
    'set statement_timeout for role only_here',
  ]);
  await lab.superuser.query('ALTER ROLE ALL RESET statement_timeout');
});

test('a person who has none loses the password; replication and bypassrls are seen', async () => {
  await lab.superuser.query("CREATE ROLE passworded LOGIN REPLICATION BYPASSRLS PASSWORD 'x'");
  const declared = { roles: [role('passworded', ['replication', 'bypassrls'], { password: null })] };
  const { steps } = await lab.apply(declared);
  expect(steps.flatMap(({ statements }) => statements)).toEqual(['ALTER ROLE "passworded" PASSWORD NULL']);
});

test('a thousand roles need few transactions', async () => {
  const md5 = `md5${'0'.repeat(32)}`;
  const count = async (): Promise<number> => {
    await lab.superuser.query('select pg_stat_force_next_flush()');
    const [row] = await lab.superuser.query<{ count: string }>('select txid_current() as count');
    return Number(row?.count);
  };
  // Every other one with a verifier, and every third a person's.
  const roles = Array.from({ length: 1000 }, (_, index) =>
    role(`many_${index}`, [], { password: index % 2 === 0 ? md5 : null, person: index % 3 === 0 }),
  );
  const before = await count();
  await lab.apply({ roles });
  expect((await count()) - before).toBeLessThan(25);
});

test("verifiers: ours are like the server's, also for passwords that SASLprep changes or forbids", async () => {
  const passwords = [
    'x',
    'a\u00A0b',
    'ﬁne ² Å',
    'soft\u00ADhyphen',
    'bell\u0007',
    '\u00AD',
    'الف',
    'الفx1',
    '🐘',
    'пароль',
  ];
  for (const password of passwords) await insistOnSameHash(password);
  // The ligature is changed unless something else forbids changes.
  const characters = fc.integer({ min: 0x80, max: 0x1ffff }).filter((code) => code < 0xd800 || code > 0xdfff);
  const texts = fc.array(characters, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(texts, (codes) => insistOnSameHash(`ﬁ${String.fromCodePoint(...codes)}`)),
    { numRuns: 100 },
  );
});

/** Whether we take what the server makes of the password for the password's, and nothing else. */
async function insistOnSameHash(password: string): Promise<void> {
  await lab.superuser.query(
    `DROP ROLE IF EXISTS scram; CREATE ROLE scram LOGIN PASSWORD ${literal(password)}`,
  );
  const stored = (await observe(lab.superuser)).roles.get('scram')?.verifier ?? null;
  const same = await Promise.all(
    [password, `${password}x`].map((text) => passwordMatches('scram', text, stored)),
  );
  if (!same[0] || same[1]) throw new Error(`${JSON.stringify(password)}: ${JSON.stringify(same)}`);
}
