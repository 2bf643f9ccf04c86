import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PoolerContainer } from '../support/pooler-container.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';
import { SwitchedServer } from '../support/switched-server.ts';

/** Pauses of the pooler's image, while its Service leads from one real server to another. */

const ssl = { rejectUnauthorized: false };
let before: PostgresLab;
let after: PostgresLab;
let service: SwitchedServer;
let pooler: PoolerContainer;
const clients: Client[] = [];

beforeAll(async () => {
  [before, after] = await Promise.all([PostgresLab.start(), PostgresLab.start()]);
  const roles = ['pooler', 'foo'].map((name) => role(name, [], { password: `${name}-password` }));
  for (const lab of [before, after])
    await lab.done({
      roles,
      databases: [{ name: 'bar', owner: 'foo' }],
      lookup: { role: 'pooler', schema: 'pooler' },
    });
  await shareVerifiers(['pooler', 'foo']);
});
beforeEach(async () => {
  service = await SwitchedServer.start(before.server.port);
  pooler = await PoolerContainer.start({
    environment: {
      PGHOST: '127.0.0.1',
      PGPORT: String(service.port),
      PGUSER: 'pooler',
      PGPASSWORD: 'pooler-password',
      // Also after a pause, so that who waited is served.
      PGBOUNCER_STOP_DELAY: '2',
      PGBOUNCER_PAUSE_UNCHANGED: '6',
    },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
  await pooler?.remove();
  await service?.stop();
});
afterAll(async () => {
  await before?.stop();
  await after?.stop();
});

/** Members of a cluster have the same: PgBouncer logs in with the proof that a client once gave. */
async function shareVerifiers(roles: string[]): Promise<void> {
  for (const name of roles) {
    const [row] = await before.sql(
      'postgres',
      'postgres',
      `select rolpassword from pg_authid where rolname = '${name}'`,
    );
    const verifier = String(row?.['rolpassword']);
    await after.sql('postgres', 'postgres', `alter role ${name} password '${verifier}'`);
  }
}

async function connect(config = {}): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port: pooler.port,
    user: 'foo',
    password: 'foo-password',
    database: 'bar',
    ssl,
    ...config,
  });
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** The pause that was asked for last. */
let id = 0;
const ask = (verb: string, ...rest: (string | number)[]) =>
  pooler.exec('pooler', verb, String(id), ...rest.map(String)).then((said) => said.trim());

/** `limit` is in seconds. */
const pause = ({ as = 'primary', wait = 2, limit = 30, force = 0, leaving = '-' } = {}) => {
  id += 1;
  return ask('pause', as, wait, limit, force, leaving);
};

const console = () => connect({ user: 'pooler', password: 'pooler-password', database: 'pgbouncer' });

/** Ends the process inside that runs this script of ours, as soon as there is one. */
const kill = (script: string) =>
  eventually(`${script} runs`, async () => {
    const look = `for p in /proc/[0-9]*; do
      tr '\\0' ' ' < $p/cmdline | grep -q '^/bin/sh [^ ]*/${script}' && kill -9 \${p#/proc/} && echo ended
    done`;
    return (await pooler.exec('sh', '-c', look)).includes('ended');
  });

/** PgBouncer's own word for it: `active` or `paused`. */
async function state(): Promise<string> {
  const { rows } = await (await console()).query<{ key: string; value: string }>('show state');
  return rows
    .filter(({ value }) => value === 'yes')
    .map(({ key }) => key)
    .join();
}

const portOf = async (client: Client) =>
  (await client.query('select inet_server_port() as port')).rows[0].port as number;

/** Asks for the server's port again and again, with a statement that is prepared once, until it is stopped. */
async function load(count: number) {
  const state = { running: true };
  const ports = new Map<number, number>();
  const errors: unknown[] = [];
  const busy = Array.from({ length: count }, async () => {
    const client = await connect();
    const query = { name: 'where', text: 'select inet_server_port() as port, $1::int as n' };
    for (let n = 0; state.running; n += 1) {
      try {
        await client.query('begin');
        const { rows } = await client.query({ ...query, values: [n] });
        await client.query('commit');
        ports.set(rows[0].port, (ports.get(rows[0].port) ?? 0) + 1);
      } catch (error) {
        errors.push(error);
        return;
      }
    }
  });
  return {
    ports,
    stop: async () => {
      state.running = false;
      await Promise.all(busy);
      return errors;
    },
  };
}

test('clients wait while the server changes, and go on with another one', async () => {
  const running = await load(20);
  const [old, next] = [before.server.port, after.server.port];
  await eventually('all work', () => (running.ports.get(old) ?? 0) > 100);
  expect(await pause()).toBe('paused 0');
  expect(await state()).toBe('paused');
  // It still takes writes, and is the one that goes.
  const late = connect();
  service.leadTo(undefined);
  await eventually('nobody is served', async () => (await state()) === 'paused');
  service.leadTo(next);
  expect(await ask('await')).toMatch(/^resumed \d+ a server answers$/);
  await eventually('all work', () => (running.ports.get(next) ?? 0) > 100);
  expect(await portOf(await late)).toBe(next);
  expect(await running.stop()).toEqual([]);
});

test('the server of before, and one of another role, do not count: the limit ends the pause', async () => {
  expect(await pause({ limit: 1 })).toBe('paused 0');
  expect(await ask('await')).toMatch(/ it reached its limit$/);
  expect(await pause({ limit: 1, as: 'replica' })).toBe('paused 0');
  service.leadTo(after.server.port);
  expect(await ask('await')).toMatch(/ it reached its limit$/);
  expect(await pause({ limit: 1, leaving: '127.0.0.1' })).toBe('paused 0');
  service.leadTo(before.server.port);
  expect(await ask('await')).toMatch(/ it reached its limit$/);
  expect(await portOf(await connect())).toBe(before.server.port);
});

test('whoever asked does nothing: it goes on with the server of before', async () => {
  expect(await pause()).toBe('paused 0');
  expect(await ask('await')).toMatch(/^resumed \d+ the server did not change$/);
});

test('a step that was not done: the server of before will do', async () => {
  await pause();
  expect(await ask('resume')).toMatch(/^resumed \d+ a server answers$/);
  expect(await state()).toBe('active');
  id += 1;
  expect(await ask('resume')).toBe('resumed 0 it was not paused');
});

test('a transaction that does not end in time: not paused, or cut', async () => {
  const long = await connect();
  await long.query('begin');
  expect(await pause({ wait: 1 })).toBe('busy 1');
  expect(await state()).toBe('active');
  expect(await portOf(await connect())).toBe(before.server.port);
  await long.query('commit');
  await long.query('begin');
  expect(await pause({ wait: 1, force: 1 })).toBe('paused 1');
  expect(await state()).toBe('paused');
  service.leadTo(after.server.port);
  await expect(long.query('select 1')).rejects.toThrow(/server conn crashed|terminated/);
  expect(await ask('await')).toMatch(/ a server answers$/);
});

test('whoever asked and the keeper itself are killed: the pause ends all the same', async () => {
  const running = await load(5);
  await pause();
  const asking = ask('await');
  await kill('pooler await');
  await asking;
  await kill('keeper.sh');
  service.leadTo(after.server.port);
  expect(await ask('await')).toMatch(/ a server answers$/);
  expect(await running.stop()).toEqual([]);

  await pause({ limit: 1 });
  await kill('keeper.sh');
  expect(await ask('await')).toMatch(/ it reached its limit$/);
  expect(await state()).toBe('active');
});

test('a pause that is asked for anew goes on, and knows the server of now', async () => {
  await pause();
  service.leadTo(after.server.port);
  expect(await ask('await')).toMatch(/ a server answers$/);
  await pause();
  expect(await pause({ limit: 1 })).toBe('paused 0');
  expect(await ask('await')).toMatch(/ it reached its limit$/);
});

test('what a person paused stays paused', async () => {
  const person = await console();
  await person.query('pause');
  expect(await pause({ limit: 1 })).toBe('held');
  expect(await ask('resume')).toBe('resumed 0 it was not paused');
  expect(await state()).toBe('paused');
});

test('a pod that is to end lets clients wait first', async () => {
  const some = await Promise.all([1, 2, 3].map(() => connect()));
  await pause();
  const answers = Promise.all(some.map(portOf));
  await pooler.signal('TERM');
  await eventually('it is ending', async () => (await pooler.log()).includes('ending'));
  service.leadTo(after.server.port);
  expect(await answers).toEqual(some.map(() => after.server.port));
  await eventually('the container ended', async () => (await pooler.exitCode()) === 0);
});

test('connections to a server that changed its role are made anew', async () => {
  const client = await connect();
  expect(await portOf(client)).toBe(before.server.port);
  const pid = async () => (await client.query('select pg_backend_pid() as pid')).rows[0].pid as number;
  const first = await pid();
  expect(await ask('refresh', 'primary', 10)).toBe('refreshing');
  await eventually('it has another connection', async () => (await pid()) !== first);
});

test('a login that failed is not held against those who come later', async () => {
  const [impatient, other] = [await connect(), await connect()];
  await portOf(impatient);
  service.leadTo(undefined);
  // As after an outage of minutes: nobody waits for the server any more.
  await (await console()).query('set query_wait_timeout = 1');
  await expect(impatient.query('select 1')).rejects.toThrow(/query_wait_timeout/);
  service.leadTo(after.server.port);
  await eventually('PgBouncer is connected again by itself', async () => {
    const { rows } = await (await console()).query<Record<string, string>>('show pools');
    return rows.some(
      (row) => row['database'] === 'bar' && Number(row['sv_idle'] ?? 0) + Number(row['sv_used'] ?? 0) > 0,
    );
  });
  expect(await portOf(other)).toBe(after.server.port);
});
