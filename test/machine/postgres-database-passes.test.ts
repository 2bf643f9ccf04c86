import {
  type Declared,
  type DeclaredDatabase,
  openSessions,
  PasswordChecker,
  runPass,
} from '@pgherd/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab, role } from '../support/postgres-lab.ts';

const roles = [
  role('d_owner', ['nologin']),
  role('d_reader', ['nologin']),
  role('D "writer"', ['nologin']),
  role('d_s_owner', ['nologin'], { memberOf: ['d_owner'] }),
  role('pooler', [], { password: 'pooler' }),
];
const database = 'property';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
  await lab.apply({ roles });
  await lab.superuser.query('CREATE ROLE mallory');
});
afterAll(() => lab?.stop());

const owner = fc.constantFrom('d_owner', 'd_s_owner');
const other = fc.constantFrom('d_reader', 'D "writer"', 'd_s_owner');
const schemaName = fc.constantFrom('s', 'S "2"', 'public');
const schemas = fc.uniqueArray(
  fc.record({ name: schemaName, owner, usage: fc.uniqueArray(other) }, { requiredKeys: ['name', 'owner'] }),
  { selector: ({ name }) => name },
);
const extensions = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('cube', 'earthdistance', 'xml2', 'citext', 'plpgsql'),
    schema: fc.constantFrom('s', 'S "2"', 'public', 'pg_catalog'),
  }),
  { selector: ({ name }) => name },
);
const defaultPrivileges = fc.array(
  fc.record(
    { owner, schema: schemaName, reader: other, writer: other },
    { requiredKeys: ['owner', 'reader', 'writer'] },
  ),
  { maxLength: 3 },
);
const contents: fc.Arbitrary<DeclaredDatabase> = fc.record({
  name: fc.constant(database),
  owner,
  schemas,
  extensions,
  defaultPrivileges,
});
const states: fc.Arbitrary<Declared> = fc.record(
  {
    roles: fc.constant(roles),
    databases: contents.map((one) => [one]),
    lookup: fc.constantFrom({ role: 'pooler', schema: 'pooler' }, { role: 'pooler', schema: 'Pooler "2"' }),
  },
  { requiredKeys: ['roles', 'databases'] },
);

/** What others do in between. A statement that does not apply is refused, and that is all. */
const drift = fc.subarray([
  'DROP SCHEMA s CASCADE',
  'ALTER SCHEMA s RENAME TO "S ""2"""',
  'ALTER SCHEMA s OWNER TO mallory',
  'ALTER SCHEMA s OWNER TO d_s_owner',
  'REVOKE USAGE ON SCHEMA s FROM d_reader',
  'ALTER SCHEMA public OWNER TO mallory',
  'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; ALTER FUNCTION public.f() OWNER TO mallory',
  'DROP EXTENSION cube CASCADE',
  'CREATE EXTENSION cube SCHEMA public',
  'ALTER EXTENSION cube SET SCHEMA public',
  'CREATE EXTENSION xml2 SCHEMA public',
  'ALTER DEFAULT PRIVILEGES FOR ROLE d_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
  'ALTER DEFAULT PRIVILEGES FOR ROLE d_owner REVOKE ALL ON TABLES FROM d_reader, "D ""writer"""',
  'ALTER DEFAULT PRIVILEGES FOR ROLE d_owner IN SCHEMA s GRANT ALL ON TABLES TO mallory',
  'ALTER DEFAULT PRIVILEGES FOR ROLE d_s_owner IN SCHEMA s REVOKE ALL ON TABLES FROM d_reader, "D ""writer"""',
  'DROP FUNCTION pooler.user_lookup',
  'ALTER FUNCTION pooler.user_lookup OWNER TO mallory',
  'ALTER FUNCTION pooler.user_lookup SET search_path = public',
  'GRANT EXECUTE ON FUNCTION pooler.user_lookup TO PUBLIC',
  'REVOKE USAGE ON SCHEMA pooler FROM pooler',
  'ALTER SCHEMA pooler OWNER TO mallory',
  'ALTER SCHEMA pooler OWNER TO pooler',
  'CREATE SCHEMA pooler AUTHORIZATION mallory; CREATE FUNCTION pooler.user_lookup(text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
]);

test('from any state to any other: the plan leaves nothing to do but what was refused, wherever it was cut', async () => {
  await fc.assert(
    fc.asyncProperty(states, drift, states, fc.nat(30), async (before, statements, after, cut) => {
      await lab.superuser.query('DROP DATABASE IF EXISTS property WITH (FORCE)');
      await lab.problems(before);
      await lab.withSession(
        async (session) => {
          for (const statement of statements)
            await session.transaction(() => session.query(statement)).catch(() => undefined);
        },
        'postgres',
        lab.server.password,
        database,
      );

      const { sessions } = lab.cutAt(cut + 1);
      await runPass(sessions, after, new PasswordChecker()).catch(() => undefined);
      await sessions.close();
      const { outcome } = await runPass(lab.sessions, after, new PasswordChecker());
      // Somebody has functions where an extension should be that cannot be moved there; or another one, which it requires,
      // has no schema to be in.
      for (const { error } of outcome.failed)
        expect(error.message).toMatch(
          /function f\(\) of mallory|function public\.f\(\) of mallory|not tried|required extension "cube" is not installed/,
        );
      expect((await lab.plan(after)).steps.map(({ what }) => what)).toEqual(
        outcome.failed.map(({ step }) => step.what),
      );
    }),
    { numRuns: 20 },
  );
});

const before: Declared = {
  roles,
  databases: [
    {
      name: database,
      owner: 'd_owner',
      schemas: [{ name: 's', owner: 'd_owner' }],
      extensions: [{ name: 'cube', schema: 's' }],
    },
  ],
};
const after: Declared = {
  roles,
  databases: [
    {
      name: database,
      owner: 'd_s_owner',
      schemas: [
        { name: 's', owner: 'd_s_owner', usage: ['d_reader'] },
        { name: 'S "2"', owner: 'd_s_owner', usage: ['d_reader', 'D "writer"'] },
      ],
      extensions: [
        { name: 'cube', schema: 'S "2"' },
        { name: 'earthdistance', schema: 's' },
        { name: 'xml2', schema: 'S "2"' },
      ],
      defaultPrivileges: [
        { owner: 'd_owner', reader: 'd_reader', writer: 'D "writer"' },
        { owner: 'd_s_owner', schema: 's', reader: 'd_reader', writer: 'D "writer"' },
      ],
    },
    { name: 'another', owner: 'd_owner', schemas: [{ name: 's', owner: 'd_owner' }] },
  ],
  lookup: { role: 'pooler', schema: 'pooler' },
};

test('whichever statement is the last one, the next pass does the rest', async () => {
  await lab.superuser.query('DROP DATABASE IF EXISTS property WITH (FORCE)');
  await lab.apply(before);
  let cuts = 0;
  for (let whole = false; !whole; cuts += whole ? 0 : 1) {
    // It is made at the beginning; later cuts need not see that again.
    if (cuts < 5) await lab.superuser.query('DROP DATABASE IF EXISTS another WITH (FORCE)');
    await lab.sql(
      'postgres',
      database,
      `ALTER DATABASE property OWNER TO d_owner; DROP EXTENSION IF EXISTS cube, earthdistance, xml2;
       ALTER DEFAULT PRIVILEGES FOR ROLE d_owner REVOKE ALL ON TABLES FROM d_reader, "D ""writer""";
       DROP SCHEMA IF EXISTS s, "S ""2""", pooler CASCADE`,
    );
    await lab.apply(before);
    await lab.sql('postgres', database, 'CREATE SCHEMA pooler AUTHORIZATION mallory');
    const { sessions, sent } = lab.cutAt(cuts + 1);
    // The others go on when one database's session ends; when that of the whole server does, it is over.
    const ended = await runPass(sessions, after, new PasswordChecker()).then(
      ({ plan }) => plan.conflicts.length,
      () => 1,
    );
    await sessions.close();
    whole = sent() === cuts;
    expect(ended).toBe(whole ? 0 : 1);
    await lab.apply(after);
  }
  expect(cuts).toBeGreaterThan(25);
});

test('a pass with nothing to do only reads', async () => {
  await lab.apply(after);
  const { host, port, password } = lab.server;
  const sessions = openSessions({
    host,
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    readOnly: true,
  });
  const { outcome, plan } = await runPass(sessions, after, new PasswordChecker());
  await sessions.close();
  expect([outcome, plan]).toEqual([
    { done: [], failed: [] },
    { steps: [], conflicts: [], notes: [] },
  ]);
});

test('a server that goes away in the middle is not told as a database that is out of order', async () => {
  const names = ['goes_first', 'goes_second'];
  const declared = {
    roles,
    databases: names.map((name) => ({
      name,
      owner: 'd_owner',
      schemas: [{ name: 's', owner: 'd_owner', usage: [] }],
    })),
  };
  await lab.apply(declared);
  const { host, port, password } = lab.server;
  const real = openSessions({ host, port, user: 'postgres', password, database: 'postgres' });
  const first = Promise.withResolvers<void>();
  /** As a shutdown does it: one database has been seen, the session in the other ends, and that for the cluster. */
  const sessions: typeof real = {
    ...real,
    async use(name, run) {
      if (name === 'goes_first') return real.use(name, run).finally(first.resolve);
      if (name !== 'goes_second') return real.use(name, run);
      await first.promise;
      return real.use(name, async (connection) => {
        await lab.superuser.query(
          'select pg_terminate_backend(pid, 10000) from pg_stat_activity where pid <> pg_backend_pid() and usename = current_user',
        );
        return run(connection);
      });
    },
  };
  try {
    await expect(runPass(sessions, declared, new PasswordChecker())).rejects.toMatchObject({
      transient: true,
      connectionLost: true,
    });
  } finally {
    await sessions.close();
  }
});
