import { silentLogger, systemClock } from '@pgherd/kube/objects';
import { PrimaryWatch, sqlDatabaseAccess, type Primary } from '@pgherd/operator';
import { connect } from '@pgherd/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';

/** The idle session that the operator holds to each primary, with a real server; Patroni is only noted. */

const key = 'default/acid-demo';

let server: PostgresServer;
let primary: Primary | undefined;
let woken: string[];
let enqueued: string[];
let watch: PrimaryWatch;
/** `fast_failover_sessions`. */
let limit: number;

beforeEach(async () => {
  server = await startPostgres();
  primary = {
    pod: 'acid-demo-0',
    address: server.host,
    superuser: { username: 'postgres', password: server.password },
  };
  [woken, enqueued, limit] = [[], [], 1];
  const access = sqlDatabaseAccess((host, { username: user, password }) => ({
    host,
    port: server.port,
    user,
    password,
    database: 'postgres',
  }));
  watch = new PrimaryWatch({
    primaryOf: () => primary,
    limit: () => limit,
    hold: (address, superuser) => access.hold?.(address, superuser) ?? Promise.reject(new Error('none')),
    wake: async (address) => void woken.push(address),
    enqueue: (each) => enqueued.push(each),
    log: silentLogger,
    clock: systemClock,
    onWake: () => {},
  });
});

afterEach(async () => {
  await watch.close();
  await server.stop();
});

async function sessions(): Promise<number> {
  const { host, port, password } = server;
  const connection = await connect({ host, port, user: 'postgres', password, database: 'postgres' });
  try {
    const sql = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'pgherd watch'`;
    const [row] = await connection.query<{ n: number }>(sql);
    return row?.n ?? -1;
  } finally {
    await connection.close();
  }
}

test('one session to each primary, however often it is looked at', async () => {
  await watch.pass(key);
  await watch.pass(key);
  expect(await sessions()).toBe(1);
  expect(woken).toEqual([]);
});

test('no more sessions than fast_failover_sessions says', async () => {
  await watch.pass(key);
  const other = await watch.pass('default/acid-other');
  expect(other.kind).toBe('requeueAfter');
  expect(await sessions()).toBe(1);
  limit = 2;
  await watch.pass('default/acid-other');
  expect(await sessions()).toBe(2);
});

test('a postmaster that is killed wakes its Patroni, and a session is opened again later', async () => {
  await watch.pass(key);
  process.kill(server.pid, 'SIGKILL');
  await eventually('Patroni is woken', () => woken.length === 1);
  expect(woken).toEqual([server.host]);
  await eventually('it is tried again', () => enqueued.includes(key));
  expect(watch.size).toBe(0);
  // PostgreSQL is still away: Patroni is woken again, so that each of its steps follows at once.
  expect((await watch.pass(key)).kind).toBe('requeueAfter');
  expect(woken).toHaveLength(2);
});

test('a primary that leads no more is let go, and nobody is woken', async () => {
  await watch.pass(key);
  primary = undefined;
  await watch.pass(key);
  await eventually('the session is gone', async () => (await sessions()) === 0);
  expect(woken).toEqual([]);
});

test('a server that refuses the password is asked again ever more rarely, and Patroni is left alone', async () => {
  if (primary !== undefined) primary.superuser.password = 'wrong';
  const first = await watch.pass(key);
  for (let n = 0; n < 10; n += 1) await watch.pass(key);
  const later = await watch.pass(key);
  expect(woken).toEqual([]);
  expect(first.kind === 'requeueAfter' && first.ms <= 1_000).toBe(true);
  expect(later.kind === 'requeueAfter' && later.ms >= 30_000).toBe(true);
});
