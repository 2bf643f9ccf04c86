import { type Connection, type Declared, execute, observe } from '@pgherd/postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(() => lab?.stop());

const open: Connection[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});

const people = { departedSuffix: '_deleted' };

function person(name: string): Declared['roles'][number] {
  // People have no password; here they need one to log in without PAM.
  return role(name, [], { person: true, password: 'secret' });
}

async function attempt(user: string): Promise<string> {
  return lab.login(user, 'secret').then(
    async (connection) => {
      await connection.close();
      return 'welcome';
    },
    (error: Error) => error.message.replace(/.*: /, ''),
  );
}

test('a person who leaves loses login, name and open sessions, and gets everything back', async () => {
  await lab.apply({ roles: [person('jo'), person('jane')], people });
  const session = await lab.login('jo', 'secret');
  open.push(session);
  await lab.superuser.query(
    'CREATE TABLE public.kept (); ALTER TABLE public.kept OWNER TO jo; GRANT pg_monitor TO jo',
  );

  const { failed } = await execute(lab.sessions, (await lab.plan({ roles: [person('jane')], people })).steps);
  expect(failed).toEqual([]);
  expect(await attempt('jo')).toBe('password authentication failed for user "jo"');
  expect(await attempt('jo_deleted')).toBe('role "jo_deleted" is not permitted to log in');
  expect(await attempt('jane')).toBe('welcome');
  await eventually('the session is gone', () =>
    session.query('select 1').then(
      () => undefined,
      () => true,
    ),
  );

  await lab.apply({ roles: [person('jo'), person('jane')], people });
  expect(await attempt('jo')).toBe('welcome');
  const [owner] = await lab.superuser.query("select tableowner from pg_tables where tablename = 'kept'");
  expect(owner).toEqual({ tableowner: 'jo' });
  expect((await observe(lab.superuser)).roles.get('jo')?.memberOf.has('pg_monitor')).toBe(true);
});

test('sessions that a cut pass left open are ended by the next one', async () => {
  await lab.apply({ roles: [person('late')], people });
  const session = await lab.login('late', 'secret');
  open.push(session);
  const { steps } = await lab.plan({ people });
  expect(steps.map(({ what }) => what)).toContain('end sessions of late_deleted');
  for (const { statements, transaction } of steps)
    if (transaction) for (const statement of statements) await lab.superuser.query(statement);
  expect(await session.query('select 1 as one')).toEqual([{ one: 1 }]);
  await execute(lab.sessions, (await lab.plan({ people })).steps);
  await expect(session.query('select 1')).rejects.toMatchObject({ connectionLost: true });
  // The server needs a moment.
  await eventually(
    'nothing is left to do',
    async () => (await lab.plan({ people })).steps.length === 0 || undefined,
  );
});

test('without the deprecation of people nobody loses anything', async () => {
  await lab.apply({ roles: [person('stays')] });
  expect((await lab.plan({})).steps).toEqual([]);
  expect(await attempt('stays')).toBe('welcome');
});

test('roles that people made themselves, and comments of theirs, stay', async () => {
  await lab.superuser.query(
    "CREATE ROLE somebody LOGIN; COMMENT ON ROLE somebody IS 'a person'; CREATE ROLE finance; COMMENT ON ROLE finance IS 'from finance'",
  );
  await lab.apply({ roles: [person('finance')], people });
  expect((await observe(lab.superuser)).roles.get('finance')?.comment).toBe('[pgherd: person] from finance');
  await lab.apply({ roles: [], people });
  const { roles } = await observe(lab.superuser);
  expect(roles.get('somebody')?.attributes.login).toBe(true);
  expect(roles.get('finance_deleted')?.comment).toBe('[pgherd: person, departed: "finance"] from finance');
});

test.each(['a"b', "a'b", 'é \\', '"]', 'UPPER', '__proto__', 'x'.repeat(55)])(
  'a person with the name %j leaves and comes back',
  async (name) => {
    await lab.apply({ roles: [person(name)], people });
    await lab.apply({ roles: [], people });
    expect((await observe(lab.superuser)).roles.get(`${name}_deleted`)?.attributes.login).toBe(false);
    await lab.apply({ roles: [person(name)], people });
    expect(await attempt(name)).toBe('welcome');
  },
);
