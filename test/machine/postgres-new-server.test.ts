import { openSessions, PasswordChecker, planNewServer, planPass, type Declared } from '@pgherd/postgres';
import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres-server.ts';

const superuserPassword = 'superuser-password';

const declared: Declared = {
  roles: [
    { name: 'postgres', attributes: { superuser: true, login: true }, password: superuserPassword },
    { name: 'shop_owner', attributes: { login: false } },
    { name: 'shop_reader', attributes: { login: false }, admins: ['shop_owner'] },
    { name: 'shop_writer', attributes: { login: false }, memberOf: ['shop_reader'] },
    {
      name: 'app',
      attributes: { login: true },
      password: 'p',
      memberOf: ['shop_writer', 'pg_monitor'],
      settings: { search_path: '"$user", data' },
    },
    { name: 'pooler', attributes: { login: true }, password: 'q' },
  ],
  databases: [
    {
      name: 'shop',
      owner: 'shop_owner',
      schemas: [{ name: 'data', owner: 'shop_owner', usage: ['shop_reader'] }],
      extensions: [{ name: 'pg_trgm', schema: 'data' }],
      defaultPrivileges: [
        { owner: 'shop_owner', schema: 'data', reader: 'shop_reader', writer: 'shop_writer' },
      ],
    },
    { name: 'plain', owner: 'app' },
  ],
  lookup: { role: 'pooler', schema: 'pooler' },
};

test('what is planned for a server that does not exist is what is planned when it does', async () => {
  const planned = planNewServer(declared, { superuser: 'postgres', roles: [] });
  expect(planned.conflicts).toEqual([]);
  const server = await startPostgres();
  const { host, port, password } = server;
  expect(password).toBe(superuserPassword);
  const sessions = openSessions({ host, port, user: 'postgres', password, database: 'postgres' });
  try {
    const { plan } = await planPass(sessions, declared, new PasswordChecker());
    const seen = ({ steps }: Pick<typeof plan, 'steps'>) =>
      steps.map(({ database, what, why, shown }) => ({ database, what, why, shown })).sort(byText);
    expect(seen(planned)).toEqual(seen(plan));
    expect(planned.steps.length).toBeGreaterThan(15);
  } finally {
    await sessions.close();
    await server.stop();
  }
});

test('no password and no verifier is in what is shown', () => {
  const { steps } = planNewServer(declared, { superuser: 'postgres', roles: [] });
  const shown = steps.flatMap((step) => step.shown).join('\n');
  expect(shown).toContain(`PASSWORD '********'`);
  expect(shown).not.toMatch(/PASSWORD '(?!\*{8}')/);
});

test('roles that the image makes get a password where they are declared with one; nobody else alters the replication role', () => {
  const roles = [
    { name: 'standby', attributes: { login: true, replication: true }, password: 'p' },
    { name: 'robot_zmon', attributes: { login: true }, password: 'q' },
  ];
  const server = { superuser: 'postgres', replication: 'standby', roles: ['robot_zmon'] };
  const { steps } = planNewServer({ roles, databases: [] }, server);
  expect(steps.flatMap(({ shown }) => shown)).toEqual([`ALTER ROLE "robot_zmon" LOGIN PASSWORD '********'`]);
});

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
