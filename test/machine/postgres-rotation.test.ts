import { type Declared, execute, nameOf, observe } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
  await lab.superuser.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
});
afterAll(() => lab?.stop());

/** Rotations of `of`: the dated role of January is past its time, that of March is in use. */
function rotation(of: string, rest: Partial<Declared> = {}): Partial<Declared> {
  return {
    roles: [
      role(of, [], { password: 'base' }),
      role(`${of}240301`, [], {
        password: 'new',
        memberOf: [of],
        settings: { search_path: '"$user", data' },
      }),
    ],
    rotated: [{ of, current: `${of}240301`, keptSince: '240201' }],
    ...rest,
  };
}

/** Before that of March: the dated roles of January and February. */
function old(of: string): Partial<Declared> {
  const dated = ['240101', '240201'].map((date) =>
    role(`${of}${date}`, [], { password: 'old', memberOf: [of] }),
  );
  return { roles: [role(of), ...dated] };
}

test('what an old role owns in all databases becomes that of the role it stood for', async () => {
  await lab.apply({
    ...old('app'),
    databases: [
      { name: 'one', owner: 'app' },
      { name: 'two', owner: 'app' },
    ],
  });
  await lab.superuser.query('CREATE TABLE public.plain (); ALTER DATABASE two OWNER TO app240101');
  await lab.superuser.query(
    'GRANT SELECT ON public.plain TO app240101; GRANT CREATE ON DATABASE one TO app240101',
  );
  for (const database of ['one', 'postgres'])
    await lab.withSession(
      async (connection) => {
        await connection.query(`CREATE TABLE public.mine AS SELECT 42 AS answer;
          CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'select 1';
          ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app;
          SELECT lo_create(0)`);
      },
      'app240101',
      'old',
      database,
    );
  const { steps } = await lab.plan(rotation('app'));
  expect(steps.map(nameOf).slice(-4)).toEqual([
    'take login from app240101',
    'in database one: give what app240101 owns to app',
    'in database postgres: give what app240101 owns to app',
    'drop role app240101',
  ]);
  await lab.apply(rotation('app'));
  const observed = await observe(lab.superuser);
  expect(observed.roles.has('app240101')).toBe(false);
  expect(observed.databases.get('two')?.owner).toBe('app');
  for (const database of ['one', 'postgres'])
    expect(
      await lab.withSession(
        (connection) =>
          connection.query(
            'select answer, (select tableowner from pg_tables where tablename = $1) as owner from public.mine',
            ['mine'],
          ),
        'app',
        'base',
        database,
      ),
    ).toEqual([{ answer: 42, owner: 'app' }]);
});

test('an old role with an open session loses login and lasts as long as the session', async () => {
  await lab.apply(old('busy'));
  const session = await lab.login('busy240101', 'old');
  const { notes } = await lab.apply(rotation('busy'));
  expect(notes).toEqual([
    { object: 'role "busy240101"', message: expect.stringContaining('open sessions (1)') as string },
  ]);
  expect(await session.query('select current_user as me')).toEqual([{ me: 'busy240101' }]);
  await expect(lab.login('busy240101', 'old')).rejects.toThrow('is not permitted to log in');
  await session.close();
  await eventually('the session is gone', async () =>
    (await observe(lab.superuser)).roles.get('busy240101')?.sessions === 0 ? true : undefined,
  );
  await lab.apply(rotation('busy'));
  expect((await observe(lab.superuser)).roles.has('busy240101')).toBe(false);
});

test('a role that only looks like one stays', async () => {
  await lab.superuser.query('CREATE ROLE looks240101; CREATE ROLE looks_too240101');
  await lab.apply({ roles: [role('looks'), role('looks_too240101', [], { memberOf: ['looks'] })] });
  await lab.apply(rotation('looks'));
  const { roles } = await observe(lab.superuser);
  expect([roles.has('looks240101'), roles.has('looks_too240101')]).toEqual([true, true]);
});

test('memberships that an old role granted stay', async () => {
  await lab.apply({ roles: [...(old('giver').roles ?? []), role('given'), role('taker')] });
  await lab.superuser.query('GRANT given TO giver240101 WITH ADMIN OPTION');
  await lab.withSession((session) => session.query('GRANT given TO taker'), 'giver240101', 'old');
  await lab.apply(rotation('giver'));
  const { roles } = await observe(lab.superuser);
  expect([roles.has('giver240101'), roles.get('taker')?.memberOf.get('given')]).toEqual([
    false,
    { admin: false, effective: true },
  ]);
});

test('an event trigger that is no superuser’s does not run with what is done there', async () => {
  await lab.apply({ ...old('hit'), databases: [{ name: 'trapped', owner: 'hit' }] });
  const trapped = <T>(
    run: Parameters<typeof lab.withSession<T>>[0],
    user: string,
    password: string,
  ): Promise<T> => lab.withSession(run, user, password, 'trapped');
  await trapped((session) => session.query('CREATE TABLE public.mine ()'), 'hit240101', 'old');
  await trapped(
    (session) =>
      session.query(`CREATE FUNCTION public.trap() RETURNS event_trigger LANGUAGE plpgsql
          AS 'begin create role trapped_you superuser; end';
        ALTER FUNCTION public.trap() OWNER TO hit;
        CREATE EVENT TRIGGER trap ON ddl_command_start EXECUTE FUNCTION public.trap()`),
    'postgres',
    lab.server.password,
  );
  const { steps } = await lab.plan(rotation('hit'));
  const { failed } = await execute(lab.sessions, steps);
  expect(failed.map(({ step }) => nameOf(step))).toEqual([
    'in database trapped: give what hit240101 owns to hit',
    'drop role hit240101',
  ]);
  expect(failed[0]?.error.message).toContain('event trigger trap (function public.trap of hit)');
  expect((await observe(lab.superuser)).roles.has('trapped_you')).toBe(false);
});

test('wherever it is cut, the next pass completes it', async () => {
  for (let cut = 0; cut <= 6; cut += 1) {
    const of = `cut${cut}_`;
    await lab.apply({ ...old(of), databases: [{ name: of, owner: of }] });
    for (const database of [of, 'postgres'])
      await lab.withSession(
        (connection) => connection.query(`CREATE TABLE public.${of} ()`),
        `${of}240101`,
        'old',
        database,
      );
    const { steps } = await lab.plan(rotation(of));
    await execute(lab.sessions, steps.slice(0, cut));
    await lab.apply(rotation(of));
    const [owner] = await lab.superuser.query(`select tableowner from pg_tables where tablename = '${of}'`);
    expect(owner).toEqual({ tableowner: of });
  }
});
