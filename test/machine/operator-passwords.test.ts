import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PostgresqlStatus } from '@pgherd/api';
import { events, pods, secrets, type Secret } from '@pgherd/kube/objects';
import { postgresqls, sqlDatabaseAccess, type DatabaseAccess } from '@pgherd/operator';
import { connect, passwordScript, type Connection } from '@pgherd/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab, type OperatorOfTest } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';

/** Secrets of roles and PostgreSQL's idea of them. API server and PostgreSQL are real; node and Patroni are played. */

const key = { namespace: 'default', name: 'acid-demo' };
const secretOf = (role: string) => ({
  namespace: 'default',
  name: `${role}.acid-demo.credentials.postgresql.acid.zalan.do`,
});
const today = new Date().toISOString().slice(2, 10).replaceAll('-', '');

let lab: OperatorLab;
let server: PostgresServer;
/** A session from before any change. */
let before: Connection;
/** How often a password was set from within the primary's pod. */
let helped = 0;

beforeEach(async () => {
  helped = 0;
  [lab, server] = await Promise.all([OperatorLab.start(), startPostgres()]);
  before = await logIn('postgres', server.password);
});

afterEach(async () => {
  await before?.close();
  await lab?.stop();
  await server?.stop();
});

const logIn = (user: string, password: string) =>
  connect({ host: server.host, port: server.port, user, password, database: 'postgres' });

async function isLetIn(user: string, password: string): Promise<boolean> {
  try {
    await (await logIn(user, password)).close();
    return true;
  } catch {
    return false;
  }
}

/** The operator's own way, but for `psql`, which runs here instead of in a pod, as a superuser whom nobody asks. */
function access(): DatabaseAccess {
  const real = sqlDatabaseAccess((_, { username, password }) => ({
    host: server.host,
    port: server.port,
    user: username,
    password,
    database: 'postgres',
  }));
  return {
    ...real,
    bringInLine: (address, superuser, declared, help) =>
      real.bringInLine(address, superuser, declared, {
        ...help,
        setSuperuserPassword: async () => {
          helped += 1;
          await before.query("create role helper superuser login password 'helper'").catch(() => undefined);
          const run = promisify(execFile)(
            'psql',
            ['-X', '-q', '-w', '-v', 'ON_ERROR_STOP=1', '-h', server.host, '-p', String(server.port)].concat([
              '-d',
              'postgres',
              '-U',
              'helper',
              '-f',
              '-',
            ]),
            { env: { ...process.env, PGPASSWORD: 'helper' } },
          );
          run.child.stdin?.end(await passwordScript(superuser.username, superuser.password));
          await run;
        },
      }),
  };
}

const operate = (): OperatorOfTest => lab.operate({}, { database: access() });

async function create(spec: Record<string, unknown>): Promise<void> {
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { app: ['createdb'] },
      databases: { shop: 'app' },
      ...spec,
    },
  });
  const played = new PlayedCluster(lab.client, key.name, 'endpoints');
  lab.stopLater(() => played.stop());
  await running();
}

const running = () =>
  eventually('the cluster runs', async () => {
    const { metadata, status } = (await lab.client.get(postgresqls, key)) as {
      metadata: { generation?: number };
      status?: PostgresqlStatus;
    };
    return status?.PostgresClusterStatus === 'Running' && status.observedGeneration === metadata.generation;
  });

async function read(role: string): Promise<Record<string, string>> {
  const { data = {} }: Secret = await lab.client.get(secrets, secretOf(role));
  const text = Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]);
  return Object.fromEntries(text) as Record<string, string>;
}

const write = (role: string, stringData: Record<string, string>) =>
  lab.client.patch(secrets, secretOf(role), { type: 'merge', body: { stringData } });

const due = { nextRotation: '2020-01-01T00:00:00Z' };

/** Waits until the Secret of a role, as it is then, lets its reader in; answers what it says. */
async function readerIsLetIn(
  role: string,
  isNew: (data: Record<string, string>) => boolean,
): Promise<Record<string, string>> {
  let data: Record<string, string> = {};
  await eventually(`a reader of the Secret of ${role} is let in`, async () => {
    data = await read(role).catch(() => ({}));
    const { username = '', password = '' } = data;
    return isNew(data) && isLetIn(username, password);
  });
  expect(data['uri']).toContain(`//${data['username']}:${data['password']}@acid-demo.default.svc.`);
  return data;
}

async function told(): Promise<string> {
  const { items } = await lab.client.list(events, { namespace: 'default' });
  return items.map(({ message }) => message ?? '').join('\n');
}

test('new users: who reads the Secret gets in, who read it before still does, and old ones go', async () => {
  operate();
  await create({ usersWithSecretRotation: ['app'] });
  const first = await readerIsLetIn('app', ({ username }) => username === 'app');
  expect(Date.parse(first['nextRotation'] ?? '') - Date.now()).toBeGreaterThan(89 * 86_400_000);
  // Users of rotations long ago, of which the last one was in use until now, and one that somebody else made.
  await before.query('create role app200101 in role app; create role app200201 in role app');
  await before.query('create role app200102');

  await write('app', due);
  const second = await readerIsLetIn('app', ({ username }) => username === `app${today}`);
  expect(second['password']).not.toBe(first['password']);
  expect(await isLetIn('app', first['password'] ?? '')).toBe(true);
  const [user] = await before.query(
    "select rolcreatedb, pg_has_role(rolname, 'app', 'member') as is_member from pg_roles where rolname = $1",
    [`app${today}`],
  );
  expect(user).toEqual({ rolcreatedb: true, is_member: true });
  await running();
  const left = await before.query("select rolname from pg_roles where rolname like 'app2%' order by 1");
  expect(left.map(({ rolname }) => rolname)).toEqual(['app200102', 'app200201', `app${today}`]);

  // Twice on one day: the same user, another password.
  await write('app', due);
  const third = await readerIsLetIn('app', ({ password }) => password !== second['password']);
  expect(third['username']).toBe(`app${today}`);

  const spec = { usersWithSecretRotation: null };
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec } });
  const fourth = await readerIsLetIn('app', ({ username }) => username === 'app');
  expect(fourth['nextRotation']).toBe('');
  const words = await eventually('events tell of it', async () => {
    const text = await told();
    return text.includes('rotate the password of app') ? text : undefined;
  });
  for (const { password } of [first, second, third, fourth]) expect(words).not.toContain(password);
  expect(words).not.toContain('put right');
});

test('in place, a Secret that is deleted, and one that is emptied', async () => {
  operate();
  await create({ usersWithInPlaceSecretRotation: ['app'] });
  const first = await readerIsLetIn('app', () => true);
  // Nothing happens when it is due but that time passes.
  await write('app', { nextRotation: new Date(Date.now() + 3000).toISOString() });
  const second = await readerIsLetIn('app', ({ password }) => password !== first['password']);
  expect(second['username']).toBe('app');
  await eventually(
    'the former password is refused',
    async () => !(await isLetIn('app', first['password'] ?? '')),
  );

  await lab.client.delete(secrets, secretOf('app'));
  const third = await readerIsLetIn('app', ({ password }) => password !== second['password']);
  await write('app', { password: '', username: 'postgres' });
  const fourth = await readerIsLetIn('app', ({ username }) => username === 'app');
  expect(new Set([first, second, third, fourth].map(({ password }) => password)).size).toBe(4);
  const [verifier] = await before.query("select rolpassword from pg_authid where rolname = 'app'");
  expect(verifier?.['rolpassword']).toMatch(/^SCRAM-SHA-256/);
});

test('what was written before the operator was killed is completed by the next one', async () => {
  let operator = operate();
  await create({ usersWithSecretRotation: ['app'] });
  await operator.stop();
  await write('app', {
    username: `app${today}`,
    password: 'of-the-killed-one',
    nextRotation: '2099-01-01T00:00:00Z',
  });
  operator = operate();
  await readerIsLetIn('app', ({ password }) => password === 'of-the-killed-one');
  await running();
  expect((await read('app'))['username']).toBe(`app${today}`);
});

test('superuser and replication: the pods that know a former password are replaced, and nobody is locked out', async () => {
  let operator = operate();
  // The password of the Secret is not that of this server: the first help.
  await create({ usersWithInPlaceSecretRotation: ['postgres', 'standby'] });
  const uids = async () =>
    (await lab.client.list(pods, { namespace: 'default' })).items
      .map(({ metadata }) => metadata.uid ?? '')
      .sort();
  const replaced = (old: string[]) =>
    eventually('all pods are new', async () => {
      const now = await uids();
      return now.length === 2 && now.every((uid) => !old.includes(uid));
    });
  await readerIsLetIn('postgres', () => true);
  expect(helped).toBe(1);

  let old = await uids();
  await write('postgres', due);
  await readerIsLetIn('postgres', ({ nextRotation = '' }) => nextRotation > '2021');
  await replaced(old);
  await running();
  // The operator knows the former password, and needs nobody.
  expect(helped).toBe(1);

  old = await uids();
  await write('standby', due);
  await readerIsLetIn('standby', ({ nextRotation = '' }) => nextRotation > '2021');
  await replaced(old);
  await running();
  expect(helped).toBe(1);

  // Nobody remembers the password of a Secret that is deleted while no operator runs.
  await operator.stop();
  old = await uids();
  const { password } = await read('postgres');
  await lab.client.delete(secrets, secretOf('postgres'));
  operator = operate();
  await readerIsLetIn('postgres', (data) => data['password'] !== undefined && data['password'] !== password);
  await replaced(old);
  await running();
  expect(helped).toBe(2);
});
