import {
  type Connection,
  type Declared,
  type DeclaredRole,
  PasswordChecker,
  type Plan,
  attributeNames,
  attributesOf,
  connect,
  execute,
  identifier,
  literal,
  observe,
  openSessions,
  passwordMatches,
  planPass,
  type Sessions,
  type Step,
} from '@pgherd/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

let server: PostgresServer;
let superuser: Connection;
let sessions: Sessions;
beforeAll(async () => {
  server = await startPostgres({ log_statement: 'all', log_min_duration_statement: '0' });
  superuser = await login('postgres', server.password);
  sessions = openSessions({
    host: server.host,
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: 'postgres',
  });
});
afterAll(async () => {
  await superuser?.close();
  await sessions?.close();
  await server?.stop();
});

function login(user: string, password: string, database = 'postgres'): Promise<Connection> {
  return connect({ host: server.host, port: server.port, user, password, database });
}

async function withSession<T>(
  run: (connection: Connection) => Promise<T>,
  ...to: Parameters<typeof login>
): Promise<T> {
  const connection = await login(...to);
  try {
    return await run(connection);
  } finally {
    await connection.close();
  }
}

/** What is left to do. */
async function planOf(declared: Declared, checker = new PasswordChecker()): Promise<Plan> {
  return (await planPass(sessions, declared, checker)).plan;
}

/** Makes it so, and insists that nothing was refused. */
async function apply(declared: Declared): Promise<Plan> {
  const planned = await planOf(declared);
  const outcome = await execute(sessions, planned.steps);
  expect(outcome.failed.map(({ error }) => error.message)).toEqual([]);
  return planned;
}

function role(name: string, flags: string[] = [], rest: Partial<DeclaredRole> = {}): DeclaredRole {
  return { name, attributes: attributesOf(flags), ...rest };
}

test('the minimal manifest: roles, passwords, database; a second pass finds nothing to do', async () => {
  const declared: Declared = {
    roles: [
      role('zalando', ['superuser', 'createdb'], { password: 'z' }),
      role('foo_user', [], { password: 'f' }),
    ],
    databases: [{ name: 'foo', owner: 'zalando' }],
  };
  const first = await apply(declared);
  expect(first.steps.map(({ what }) => what)).toEqual([
    'create role zalando',
    'create role foo_user',
    'create database foo',
  ]);
  expect((await planOf(declared)).steps).toEqual([]);

  const [session] = await withSession(
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
  await expect(login('foo_user', 'wrong')).rejects.toMatchObject({ code: '28P01' });
});

test('what differs is changed, and each change says why', async () => {
  const name = 'changing';
  await apply({
    roles: [role(name, [], { password: 'old' }), role('owner_a'), role('group_a', ['nologin'])],
    databases: [],
  });
  await apply({ roles: [], databases: [{ name: 'changing', owner: 'owner_a' }] });
  const declared: Declared = {
    roles: [
      role(name, ['CREATEDB', 'nologin'], { password: 'new', memberOf: ['group_a'], admins: ['owner_a'] }),
    ],
    databases: [{ name: 'changing', owner: name }],
  };
  const { steps } = await apply(declared);
  expect(steps.map(({ what, why }) => `${what} (${why})`)).toEqual([
    'change role changing (attributes: createdb nologin; the password is another than in the Secret)',
    'grant role group_a to changing (not a member)',
    'grant role changing to owner_a (not a member)',
    'change owner of database changing (owner: owner_a → changing)',
  ]);
  expect((await planOf(declared)).steps).toEqual([]);
  // Nothing is taken away that is not declared any more.
  expect((await planOf({ roles: [role(name, ['nologin'])], databases: [] })).steps).toEqual([]);
});

test('an unknown group or owner is a conflict and keeps nothing else from being done', async () => {
  const planned = await apply({
    roles: [role('lonely', [], { memberOf: ['nobody_here'] })],
    databases: [{ name: 'ownerless', owner: 'nobody_here' }],
  });
  expect(planned.conflicts.map(({ object }) => object)).toEqual(['role "lonely"', 'database "ownerless"']);
  expect((await observe(superuser)).roles.has('lonely')).toBe(true);
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
  const { steps } = await planOf({ roles: [role('after_refusal')], databases: [] });
  const outcome = await execute(sessions, [refused, ...steps]);
  expect(outcome.failed.map(({ error }) => [error.code, error.transient])).toEqual([['42710', false]]);
  expect((await observe(superuser)).roles.has('after_refusal')).toBe(true);
});

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
];

test.each(hostile)('hostile name %j is quoted right', async (name) => {
  const declared: Declared = {
    roles: [
      role(name, [], { password: name, admins: ['postgres'] }),
      role(`g${name}`.slice(0, 30), ['nologin']),
    ],
    databases: [{ name: `${name.slice(0, 20)}_db`, owner: name }],
  };
  await apply(declared);
  expect((await planOf(declared)).steps).toEqual([]);
  const observed = await observe(superuser);
  expect(observed.databases.get(`${name.slice(0, 20)}_db`)?.owner).toBe(name);
  expect(observed.roles.has('postgres')).toBe(true);
  await (await login(name, name)).close();
});

test.each(['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b', 'pg_mine', 'public', 'none', '\uD800'])(
  'impossible name %j is refused before anything is sent',
  async (name) => {
    const planned = await planOf({ roles: [role(name)], databases: [] });
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
      const [row] = await superuser.query(`select ${literal(text)} as ${identifier(text)}`);
      expect(Object.entries(row ?? {})).toEqual([[text, text]]);
    }),
    { numRuns: 200 },
  );
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
  for (const password of passwords) {
    await superuser.query(`DROP ROLE IF EXISTS scram; CREATE ROLE scram LOGIN PASSWORD ${literal(password)}`);
    const stored = (await observe(superuser)).roles.get('scram')?.verifier ?? null;
    expect([password, await passwordMatches('scram', password, stored)]).toEqual([password, true]);
    expect(await passwordMatches('scram', `${password}x`, stored)).toBe(false);
  }
});

test('an md5 password that is right stays, one that is wrong is replaced by SCRAM', async () => {
  await superuser.query(
    "SET password_encryption = 'md5'; CREATE ROLE legacy LOGIN PASSWORD 'right'; RESET password_encryption",
  );
  expect((await planOf({ roles: [role('legacy', [], { password: 'right' })], databases: [] })).steps).toEqual(
    [],
  );
  await apply({ roles: [role('legacy', [], { password: 'other' })], databases: [] });
  expect((await observe(superuser)).roles.get('legacy')?.verifier).toMatch(/^SCRAM-SHA-256\$4096:/);
});

test('from any state to any other: the plan leaves nothing to do, wherever it was cut', async () => {
  const names = fc.constantFrom('p1', 'p2', 'p "3"', 'P4');
  const roles = fc.uniqueArray(
    fc.record({
      name: names,
      attributes: fc.dictionary(fc.constantFrom(...attributeNames), fc.boolean()),
      password: fc.constantFrom('a', 'b'),
    }),
    { selector: ({ name }) => name },
  );
  const states = roles.chain((roles): fc.Arbitrary<Declared> => {
    const existing = roles.map(({ name }) => name);
    if (existing.length === 0) return fc.constant({ roles: [], databases: [] });
    // Memberships only point backwards, because PostgreSQL refuses circles.
    return fc.record({
      roles: fc.tuple(
        ...roles.map((role, index) =>
          fc.subarray(existing.slice(0, index)).map((memberOf): DeclaredRole => ({ ...role, memberOf })),
        ),
      ),
      databases: fc.constantFrom(...existing).map((owner) => [{ name: 'property', owner }]),
    });
  });
  const checker = new PasswordChecker();
  await fc.assert(
    fc.asyncProperty(states, states, fc.nat(12), async (before, after, cut) => {
      await superuser.query('DROP DATABASE IF EXISTS property');
      await superuser.query('DROP ROLE IF EXISTS p1, p2, "p ""3""", "P4"');
      await apply(before);
      const started = await planOf(after, checker);
      await execute(sessions, started.steps.slice(0, cut));
      // Memberships that were there may make those that are asked for circular.
      const rest = await planOf(after, checker);
      const { failed } = await execute(sessions, rest.steps);
      expect(failed.filter(({ error }) => error.code !== '0LP01')).toEqual([]);
      const left = await planOf(after, checker);
      expect(left.steps.map(({ what }) => what)).toEqual(failed.map(({ step }) => step.what));
    }),
    { numRuns: 25 },
  );
});

test('looking does not write', async () => {
  await superuser.transaction(async () => {
    await superuser.query('SET TRANSACTION READ ONLY');
    expect((await observe(superuser)).roles.has('postgres')).toBe(true);
  });
});

test('what users plant in schemas and settings is never run by the operator', async () => {
  await apply({
    roles: [role('mallory', [], { password: 'm' })],
    databases: [{ name: 'planted', owner: 'mallory' }],
  });
  await superuser.query(
    'ALTER DATABASE planted SET search_path = evil, pg_catalog; ALTER ROLE postgres SET search_path = evil, pg_catalog',
  );
  await withSession(
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
  await withSession(
    async (connection) => {
      const observed = await observe(connection);
      expect(observed.inRecovery).toBe(false);
      expect(observed.databases.get('planted')?.owner).toBe('mallory');
      expect(await connection.query('SHOW search_path')).toEqual([{ search_path: 'pg_catalog,pg_temp' }]);
    },
    'postgres',
    server.password,
    'planted',
  );
  await superuser.query('ALTER ROLE postgres RESET search_path');
});

test('neither passwords nor verifiers get into the server log or into what is shown', async () => {
  const password = 'a-very-secret-password';
  const declared: Declared = { roles: [role('discreet', [], { password })], databases: [] };
  const planned = await planOf(declared);
  expect(planned.steps.flatMap(({ shown }) => shown)).toEqual([
    `CREATE ROLE "discreet" LOGIN PASSWORD '********'`,
  ]);
  // Twice, so that the second one is refused and would be logged as an error.
  await execute(sessions, planned.steps);
  const again = await execute(sessions, planned.steps);
  expect(again.failed).toHaveLength(1);
  const verifier = (await observe(superuser)).roles.get('discreet')?.verifier ?? 'none';
  const marker = 'everything before this is in the log';
  await superuser.query(`select '${marker}'`);
  const log = await eventually('the log is written', () =>
    server.log().includes(marker) ? server.log() : undefined,
  );
  for (const secret of [password, verifier, verifier.split('$').at(-1) ?? '']) {
    expect(log.includes(secret)).toBe(false);
    expect(
      JSON.stringify(again.failed.map(({ error }) => [error.message, String(error.cause)])).includes(secret),
    ).toBe(false);
  }
});

test('a session that the server ends is told as lost, and harms nothing', async () => {
  const connection = await login('postgres', server.password);
  const [row] = await connection.query<{ pid: number }>('select pg_backend_pid() as pid');
  await superuser.query('select pg_terminate_backend($1)', [row?.pid]);
  const failure: unknown = await eventually('the session is gone', () =>
    connection.query('select 1').then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  expect(failure).toMatchObject({ name: 'PostgresError', connectionLost: true, transient: true });
  const own = openSessions({
    host: server.host,
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: 'postgres',
  });
  const suicide: Step = {
    what: 'x',
    why: 'x',
    statements: ['select pg_terminate_backend(pg_backend_pid())'],
    shown: [],
    secret: false,
    transaction: true,
  };
  await expect(execute(own, [suicide])).rejects.toMatchObject({ connectionLost: true });
  await own.close();
  await connection.close();
  await connection.close();
});

test('failures say whether trying again helps', async () => {
  await expect(login('postgres', 'wrong')).rejects.toMatchObject({ code: '28P01' });
  await expect(login('postgres', server.password, 'no such database')).rejects.toMatchObject({
    code: '3D000',
  });
  await expect(connect({ host: '127.0.0.1', port: 1, user: 'u', database: 'd' })).rejects.toMatchObject({
    transient: true,
    code: 'ECONNREFUSED',
  });
  await expect(superuser.query('SELEC')).rejects.toMatchObject({
    code: '42601',
    transient: false,
    connectionLost: false,
  });
  await expect(
    superuser.transaction(async () => {
      await superuser.query('SET TRANSACTION READ ONLY');
      await superuser.query('CREATE ROLE never');
    }),
  ).rejects.toMatchObject({ code: '25006', transient: true, connectionLost: false });
  expect((await observe(superuser)).roles.has('never')).toBe(false);
});
