import {
  attributeNames,
  type Declared,
  type DeclaredRole,
  execute,
  identifier,
  observe,
  openSessions,
  PasswordChecker,
  runPass,
  type Sessions,
} from '@pgherd/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start({ log_statement: 'all', log_line_prefix: '%a: ' });
  await lab.superuser.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
});
afterAll(() => lab?.stop());

const names = ['p1', 'p2', 'p "3"', 'P4'];
const suffix = '_deleted';
/** A role that a rotation of p1's password left behind, and the one after it. */
const dated = 'p1240101';
const newer = 'p1240201';

/** Roles besides those that the server came with. */
async function made(): Promise<string[]> {
  const { roles } = await observe(lab.superuser);
  return [...roles.keys()].filter((name) => name !== 'postgres' && !name.startsWith('pg_')).sort();
}

async function clean(): Promise<void> {
  await lab.superuser.query('DROP DATABASE IF EXISTS property');
  const all = (await made()).map(identifier).join(', ');
  if (all !== '') await lab.superuser.query(`DROP OWNED BY ${all}; DROP ROLE ${all}`);
}

/** Memberships only point backwards, because PostgreSQL refuses circles; some lead to one all the same. */
function declaredRoles(): fc.Arbitrary<DeclaredRole[]> {
  const some = fc.record(
    {
      name: fc.constantFrom(...names),
      attributes: fc.dictionary(fc.constantFrom(...attributeNames), fc.boolean()),
      password: fc.constantFrom('a', 'b', '', null),
      settings: fc.record(
        {
          work_mem: fc.constantFrom('1MB', '2MB'),
          search_path: fc.constantFrom('a, "B c"', '"$user",a', ''),
          application_name: fc.constantFrom(`it's "x" = y`),
        },
        { requiredKeys: [] },
      ),
      person: fc.boolean(),
    },
    { requiredKeys: ['name', 'attributes'] },
  );
  return fc.uniqueArray(some, { selector: ({ name }) => name }).chain((roles) =>
    fc.tuple(
      ...roles.map((role, index) =>
        fc
          .record({
            memberOf: fc.subarray(roles.slice(0, index).map(({ name }) => name)),
            admins: fc.subarray(index === 0 ? ['postgres'] : []),
          })
          .map((more): DeclaredRole => ({ ...role, ...more })),
      ),
    ),
  );
}

const states: fc.Arbitrary<Declared> = declaredRoles().chain((roles) =>
  fc.record(
    {
      roles: fc.constant(roles),
      databases:
        roles.length === 0
          ? fc.constant([])
          : fc.constantFrom(...roles.map(({ name }) => name)).map((owner) => [{ name: 'property', owner }]),
      people: fc.constant({ departedSuffix: suffix }),
      rotated: fc.constant([{ of: 'p1', current: 'p1240301', keptSince: '240201' }]),
    },
    { requiredKeys: ['roles', 'databases'] },
  ),
);

/** What others do in between. A statement that does not apply is refused, and that is all. */
const drift = fc.subarray(
  [
    'ALTER ROLE p1 NOLOGIN',
    'ALTER ROLE p2 SUPERUSER REPLICATION',
    'ALTER ROLE p1 RESET ALL',
    "ALTER ROLE p2 SET work_mem = '5MB'; ALTER ROLE p2 SET jit = off",
    "ALTER ROLE p1 PASSWORD 'else'",
    'ALTER ROLE p2 PASSWORD NULL',
    'DROP ROLE p2',
    'COMMENT ON ROLE p1 IS NULL',
    "COMMENT ON ROLE p2 IS '[pgherd: person] somebody'",
    'ALTER ROLE p1 RENAME TO p1_deleted',
    'CREATE ROLE p2_deleted LOGIN',
    'GRANT p2 TO p1',
    `CREATE ROLE ${dated} LOGIN IN ROLE p1; CREATE ROLE ${newer} LOGIN IN ROLE p1`,
    `CREATE TABLE public.of_dated (); ALTER TABLE public.of_dated OWNER TO ${dated}`,
    `ALTER DATABASE property OWNER TO ${dated}`,
  ],
  { minLength: 0 },
);

test('from any state to any other: the plan leaves nothing to do, wherever it was cut', async () => {
  const checker = new PasswordChecker();
  await fc.assert(
    fc.asyncProperty(states, drift, states, fc.nat(25), async (before, statements, after, cut) => {
      await clean();
      const started = await lab.plan(before, checker);
      await execute(lab.sessions, started.steps);
      for (const statement of statements)
        await lab.superuser.transaction(() => lab.superuser.query(statement)).catch(() => undefined);

      // Steps of one transaction are done together or not at all, so that this is more than can happen.
      await execute(lab.sessions, (await lab.plan(after, checker)).steps.slice(0, cut));
      const { failed } = await execute(lab.sessions, (await lab.plan(after, checker)).steps);
      expect(failed.map(({ step, error }) => `${step.what}: ${error.message}`)).toEqual([]);
      expect((await lab.plan(after, checker)).steps).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

/** From here to there nearly every kind of step is needed. */
const before: Declared = {
  roles: [
    role('p1', [], { password: 'a' }),
    role(dated, [], { password: 'x', memberOf: ['p1'] }),
    role(newer, [], { memberOf: ['p1'] }),
    role('p2', [], { person: true }),
  ],
  databases: [{ name: 'property', owner: 'p1' }],
};
const after: Declared = {
  roles: [
    role('p1', ['createdb'], { password: 'b', settings: { work_mem: '1MB' } }),
    role('p1240301', [], { password: 'y', memberOf: ['p1'] }),
    role('p "3"', [], { password: null, person: true, memberOf: ['p1'] }),
    role('P4', [], { password: 'd', admins: ['p1'], settings: { search_path: '"$user", data' } }),
  ],
  databases: [{ name: 'property', owner: 'P4' }],
  people: { departedSuffix: suffix },
  rotated: [{ of: 'p1', current: 'p1240301', keptSince: '240201' }],
};

/** The state before: with a person who left and will be back, and things that an old role owns. */
async function prepare(): Promise<void> {
  await clean();
  await lab.apply({
    ...before,
    roles: [...before.roles, role('p "3"', [], { person: true, password: 'c' })],
  });
  await lab.apply({ ...before, people: { departedSuffix: suffix } });
  for (const database of ['property', 'postgres'])
    await lab.withSession((session) => session.query('CREATE TABLE public.old ()'), dated, 'x', database);
}

test('whichever statement is the last one, the next pass does the rest', async () => {
  let cuts = 0;
  for (let whole = false; !whole; cuts += whole ? 0 : 1) {
    await prepare();
    const { sessions, sent } = lab.cutAt(cuts + 1);
    const ended = await runPass(sessions, after, new PasswordChecker()).then(
      ({ outcome }) => outcome,
      (error: unknown) => error,
    );
    await sessions.close();
    whole = sent() === cuts;
    expect(ended).toMatchObject(whole ? { failed: [] } : { connectionLost: true });
    await lab.apply(after);
  }
  expect(cuts).toBeGreaterThan(20);
  expect(await made()).toEqual(['P4', 'p "3"', 'p1', newer, 'p1240301', 'p2_deleted']);
});

test('a pass with nothing to do only reads', async () => {
  await prepare();
  await lab.apply(after);
  const { host, port, password } = lab.server;
  const applicationName = 'second pass';
  const real = openSessions({
    host,
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    applicationName,
    // No write would go through.
    readOnly: true,
  });
  const readOnly = 'SET default_transaction_read_only = on';
  // Whatever writes is refused, and whatever is sent is in the log.
  const sessions: Sessions = {
    ...real,
    use: (database, run) =>
      real.use(database, async (connection) => {
        await connection.query(readOnly);
        return run(connection);
      }),
  };
  const { outcome, plan } = await runPass(sessions, after, new PasswordChecker());
  await sessions.use(undefined, (connection) => connection.query("select 'the end'"));
  await sessions.close();
  expect([outcome, plan]).toEqual([
    { done: [], failed: [] },
    { steps: [], conflicts: [], notes: [] },
  ]);
  const entries = await eventually('the log is written', () => {
    const found = lab.server.log().split(`${applicationName}: LOG:`).slice(1);
    return found.some((text) => text.includes("'the end'")) ? found : undefined;
  });
  const words = entries.map((text) => /^ +(?:statement|execute <unnamed>):\s*(\w+ \S+)/.exec(text)?.[1]);
  expect(new Set(words)).toEqual(
    new Set(['SET default_transaction_read_only', 'select pg_catalog.pg_is_in_recovery()', "select 'the"]),
  );
});
