import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { passwordScript } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(() => lab?.stop());

test('a role gets the password through psql, also when its former one has run out', async () => {
  await lab.superuser.query(`create role "it's ü" login superuser password 'old' valid until '2020-01-01'`);
  await expect(lab.login("it's ü", 'old')).rejects.toMatchObject({ code: '28P01' });
  const { host, port, password } = lab.server;
  const psql = promisify(execFile)(
    'psql',
    ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', '-'],
    {
      env: {
        PATH: process.env['PATH'],
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: 'postgres',
        PGPASSWORD: password,
        PGCLIENTENCODING: 'UTF8',
      },
    },
  );
  psql.child.stdin?.end(await passwordScript("it's ü", 'new'));
  await psql;
  const session = await lab.login("it's ü", 'new');
  await session.close();
});
