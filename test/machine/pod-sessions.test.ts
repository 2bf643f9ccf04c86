import { execFile } from 'node:child_process';
import { podSessions } from '@pgherd/cli/pod-sessions';
import type { ExecOptions, ExecResult } from '@pgherd/kube/client';
import { connect, openSessions, PasswordChecker, planPass, PostgresError, runPass } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

/** Instead of the container runtime: the machine's own psql, as the pod's would find its server. */

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

function exec(_pod: unknown, { command, stdin }: ExecOptions): Promise<ExecResult> {
  const [program = '', ...args] = command;
  const env = {
    PATH: process.env['PATH'],
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGPASSWORD: server.password,
  };
  return new Promise((resolve) => {
    const child = execFile(program, args, { env }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
    // Never ended, as with a server that speaks an old version of the protocol.
    child.stdin?.write(stdin);
  });
}

const sessions = () => podSessions({ client: { exec }, namespace: 'default', name: 'acid-demo-0' });

test('a plan through psql in the pod is the plan over TCP, before and after it is carried out', async () => {
  const declared = {
    roles: [
      { name: 'Odd "name"; DROP', attributes: { login: true }, password: 'p' },
      { name: 'plain', attributes: { login: true, createdb: true }, memberOf: ['Odd "name"; DROP'] },
    ],
    databases: [{ name: "it's", owner: 'plain' }],
  };
  const options = {
    host: server.host,
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: 'postgres',
  };
  const overTcp = openSessions(options);
  try {
    const shown = async (through: typeof overTcp) =>
      (await planPass(through, declared, new PasswordChecker())).plan.steps.map(({ shown: sql }) => sql);
    const before = await shown(sessions());
    expect(before.length).toBeGreaterThan(0);
    expect(before).toEqual(await shown(overTcp));
    await runPass(overTcp, declared, new PasswordChecker());
    expect(await shown(sessions())).toEqual([]);
  } finally {
    await overTcp.close();
  }
});

test('sessions only read, whatever a database says of itself, and constants are constants', async () => {
  const superuser = await connect({
    host: server.host,
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: 'postgres',
  });
  await superuser.query('create database hostile');
  await superuser.query('alter database hostile set default_transaction_read_only = off');
  await superuser.query('alter database hostile set search_path = public');
  await superuser.query('alter database hostile set client_encoding = latin1');
  await superuser.close();
  await sessions().use('hostile', async (connection) => {
    const [row] = await connection.query(
      "select current_setting('search_path') as path, current_setting('transaction_read_only') as read_only",
    );
    expect(row).toEqual({ path: 'pg_catalog,pg_temp', read_only: 'on' });
    expect(await connection.query('select $1 as a, $2::int as b', ["it's \\", 7])).toEqual([
      { a: "it's \\", b: 7 },
    ]);
    expect(await connection.query("select 'ü€' as text, length('ü€') as length")).toEqual([
      { text: 'ü€', length: 2 },
    ]);
    const names = ['a "b" \\', "it's,{}", 'line\nline', ''];
    const [list] = await connection.query('select $1::text[] as names', [names]);
    expect(list).toEqual({ names });
    const refused = await connection.query('select nothing from nowhere').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PostgresError);
    expect(refused).toMatchObject({ code: '42P01', connectionLost: false });
    expect(String(refused)).toContain('relation "nowhere" does not exist');
  });
});

test('a database that is not there is told by name', async () => {
  const failed = sessions().use("no'where", (connection) => connection.query('select 1'));
  await expect(failed).rejects.toThrow(/database no'where: .*does not exist/);
});
