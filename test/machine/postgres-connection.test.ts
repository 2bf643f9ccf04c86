import { connect, execute, observe, openSessions, type Step } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(() => lab?.stop());

test('a session that the server ends is told as lost, and harms nothing', async () => {
  const connection = await lab.login('postgres', lab.server.password);
  const [row] = await connection.query<{ pid: number }>('select pg_backend_pid() as pid');
  await lab.superuser.query('select pg_terminate_backend($1)', [row?.pid]);
  const failure: unknown = await eventually('the session is gone', () =>
    connection.query('select 1').then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  expect(failure).toMatchObject({ name: 'PostgresError', connectionLost: true, transient: true });
  const own = openSessions({
    host: lab.server.host,
    port: lab.server.port,
    user: 'postgres',
    password: lab.server.password,
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
  await expect(lab.login('postgres', 'wrong')).rejects.toMatchObject({ code: '28P01' });
  await expect(lab.login('postgres', lab.server.password, 'no such database')).rejects.toMatchObject({
    code: '3D000',
  });
  await expect(connect({ host: '127.0.0.1', port: 1, user: 'u', database: 'd' })).rejects.toMatchObject({
    transient: true,
    code: 'ECONNREFUSED',
  });
  await expect(lab.superuser.query('SELEC')).rejects.toMatchObject({
    code: '42601',
    transient: false,
    connectionLost: false,
  });
  await expect(
    lab.superuser.transaction(async () => {
      await lab.superuser.query('SET TRANSACTION READ ONLY');
      await lab.superuser.query('CREATE ROLE never');
    }),
  ).rejects.toMatchObject({ code: '25006', transient: true, connectionLost: false });
  expect((await observe(lab.superuser)).roles.has('never')).toBe(false);
});
