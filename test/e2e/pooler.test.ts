import { deployments, pods, secrets, services } from '@pgherd/kube/objects';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBackground } from '../support/background.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { disturbances, memberStates } from '../support/members.ts';
import { TransactionLoad } from '../support/transaction-load.ts';
import { Writer, connectPostgres, queryOnce, type Address } from '../support/writer.ts';

/** Connection poolers on real pods: who gets in and where, and what a change of theirs costs. */

const name = 'acid-pooled';
const key = { namespace: 'default', name };
const poolerSecret = `pooler.${name}.credentials.postgresql.acid.zalan.do`;

let local: LocalCluster;

beforeAll(async () => {
  local = await LocalCluster.start('e2e-pooler', {});
  const manifest = clusterManifest({ name, instances: 2 }) as { spec: Record<string, unknown> };
  const spec = {
    ...manifest.spec,
    enableConnectionPooler: true,
    enableReplicaConnectionPooler: true,
    connectionPooler: { numberOfInstances: 1, maxDBConnections: 20 },
  };
  await local.apply({ ...manifest, spec });
  await local.waitForStatus(name, 'Running');
  await eventually('both poolers let users in', async () => {
    await Promise.all([asUser('foo_user'), asUser('foo_user', { replica: true })].map(ping));
    return true;
  });
});
afterAll(async () => {
  await local?.remove();
});

const ping = async (address: Promise<Address>) => queryOnce(await address, 'select 1');

/** How a role connects through a pooler. */
async function asUser(role: string, { database = 'foo', replica = false } = {}): Promise<Address> {
  const address = await local.address(name, role, database);
  const pooler = { ...key, name: replica ? `${name}-pooler-repl` : `${name}-pooler` };
  const service = await local.client.get(services, pooler);
  return { ...address, host: service.spec?.clusterIP ?? '' };
}

const allPoolerPods = async () => {
  const labelSelector = `connection-pooler=${name}-pooler`;
  return (await local.client.list(pods, { namespace: 'default', labelSelector })).items;
};

/** Without those that are on their way out. */
const poolerPods = async () => {
  const items = await allPoolerPods();
  return items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata?.uid);
};

/** Carries out a change and waits until it has replaced the primary's pooler, and nothing of the database. */
async function replacesThePoolerOnly(change: () => Promise<unknown>): Promise<void> {
  const members = await memberStates(local, name);
  const before = await poolerPods();
  expect(before).toHaveLength(1);
  await change();
  await eventually('the pooler is a new one', async () => {
    const now = await poolerPods();
    const { status, metadata } = await local.client.get(deployments, { ...key, name: `${name}-pooler` });
    const settled = status?.observedGeneration === metadata?.generation && status?.readyReplicas === 1;
    return settled && now.length === 1 && now[0] !== before[0];
  });
  await eventually('users are let in', () => ping(asUser('foo_user')).then(() => true));
  await local.waitForStatus(name, 'Running');
  expect(disturbances(members, await memberStates(local, name))).toEqual([]);
}

const patchManifest = (spec: object) =>
  local.kubectl('patch', 'postgresql', name, '--type=merge', '-p', JSON.stringify({ spec }));

test('every user of the manifest gets into every database, over TLS and with the right password only', async () => {
  const foo = await asUser('foo_user');
  expect(await queryOnce(foo, 'select current_user as who, current_database() as db')).toEqual([
    { who: 'foo_user', db: 'foo' },
  ]);
  await expect(queryOnce({ ...foo, password: 'wrong' }, 'select 1')).rejects.toThrow(/authentication failed/);
  await expect(queryOnce({ ...foo, user: 'nobody' }, 'select 1')).rejects.toThrow(/authentication failed/);
  const plain = new Client({ ...foo, ssl: false });
  await expect(plain.connect()).rejects.toThrow(/SSL required/);

  // A database that a user makes is there at once, for everybody.
  await queryOnce(await asUser('zalando'), 'create database later');
  for (const role of ['zalando', 'foo_user']) {
    const [row] = await queryOnce(
      await asUser(role, { database: 'later' }),
      'select current_database() as db',
    );
    expect(row).toEqual({ db: 'later' });
  }
  // The operator's own installation follows with its next look; the login did not need it.
  const client = await connectPostgres(foo);
  try {
    const query = { name: 'twice', text: 'select $1::int * 2 as n' };
    const answers = [];
    for (const n of [1, 2, 3]) answers.push((await client.query({ ...query, values: [n] })).rows[0]);
    expect(answers).toEqual([{ n: 2 }, { n: 4 }, { n: 6 }]);
  } finally {
    await client.end();
  }
});

test('the pooler itself can be looked into by its own role', async () => {
  const console = { ...(await asUser('pooler')), database: 'pgbouncer' };
  const client = await connectPostgres(console);
  try {
    const { rows } = (await client.query('show databases')) as unknown as { rows: Record<string, unknown>[] };
    const foo = rows.find((row) => row['name'] === 'foo');
    expect(foo).toMatchObject({ host: name, pool_size: 10, pool_mode: null });
    expect((await client.query('show config')).rows).toContainEqual(
      expect.objectContaining({ key: 'pool_mode', value: 'transaction' }),
    );
  } finally {
    await client.end();
  }
  const stranger = { ...(await asUser('foo_user')), database: 'pgbouncer' };
  await expect(queryOnce(stranger, 'show databases')).rejects.toThrow(/not allowed|authentication failed/);
});

test('the pooler of the replicas leads to a replica, which takes no writes', async () => {
  const address = await asUser('zalando', { replica: true });
  expect(await queryOnce(address, 'select pg_is_in_recovery() as replica')).toEqual([{ replica: true }]);
  await expect(queryOnce(address, 'create table t ()')).rejects.toThrow(/read-only transaction/);
});

test("a changed setting and a new password of the pooler's role replace the pooler, and not the database", async () => {
  const password = Buffer.from('an-other-password').toString('base64');
  const secret = { ...key, name: poolerSecret };
  const writer = new Writer(await asUser('zalando'), 50);
  await writer.start();
  await replacesThePoolerOnly(async () => {
    await local.client.patch(secrets, secret, { type: 'merge', body: { data: { password } } });
    await patchManifest({ connectionPooler: { maxDBConnections: 24 } });
  });
  await eventually('the pooler has both', async () => {
    const console = { ...(await asUser('pooler')), database: 'pgbouncer' };
    expect(console.password).toBe('an-other-password');
    const client = await connectPostgres(console);
    const { rows } = await client.query<{ key: string; value: string }>('show config');
    await client.end();
    return rows.some((row) => row.key === 'max_db_connections' && row.value === '24');
  });
  await eventually('the old pod has ended', async () => (await allPoolerPods()).length === 1);
  const written = writer.count;
  await eventually('the writer goes on', () => writer.count > written + 3);
  const { lost } = await writer.stopAndFindLost();
  expect(lost).toEqual([]);
  const show = await local.pgherd('show', name);
  expect(show).toMatch(/acid-pooled-pooler +master +transaction +\S+ +1 of 1/);
  expect(show).toMatch(/acid-pooled-pooler-repl +replica +transaction/);
});

/** Has clients write through the pooler while something happens, and asserts that they only wait. */
async function undisturbed(what: string, happens: () => Promise<unknown>): Promise<void> {
  const load = new TransactionLoad(await asUser('zalando'));
  await load.start(40);
  await eventually('all clients write', () => load.transactions > 200);
  await happens();
  await local.waitForStatus(name, 'Running');
  const { transactions } = load;
  await eventually('clients go on', () => load.errors.length > 0 || load.transactions > transactions + 200);
  const { errors, longestMs, lost } = await load.stop();
  console.log(`${what}: ${load.transactions} transactions of 40 clients, the longest took ${longestMs} ms`);
  expect({ errors, lost }).toEqual({ errors: [], lost: 0 });
}

test('a rolling update and a switchover cost clients of the pooler a wait, and no error', async () => {
  const before = await memberStates(local, name);
  const old = await local.primary(name);
  await undisturbed('rolling update, and back by hand', async () => {
    await patchManifest({ env: [{ name: 'ROLLED', value: 'yes' }] });
    await eventually('both members are new', async () => {
      const now = await memberStates(local, name);
      return disturbances(before, now).filter((what) => what.startsWith('replace')).length === 2;
    });
    await local.waitForStatus(name, 'Running');
    const said = await local.pgherd('switchover', name, '--yes');
    expect(said).toMatch(/1 pod of poolers was paused for \d+\.\d s/);
  });
  expect((await local.primary(name)).metadata?.name).toBe(old.metadata?.name);
  const told = await local.kubectl('get', 'events');
  expect(told).toMatch(/switch over from .*1 pod of poolers was paused for \d+\.\d s/);
  expect(told).toMatch(
    /by hand, from acid-pooled-\d to acid-pooled-\d; 1 pod of poolers was paused for \d+\.\d s/,
  );
  const port = findBackground(local.home, 'operator')?.httpPort;
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(page).toMatch(/^pgherd_pooler_pause_duration_seconds_count [1-9]/m);
});

/** Answers when the pooler of the primary is being paused. */
async function paused(): Promise<void> {
  const [pod] = (await allPoolerPods()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  const wait = 'until [ -e /run/pgbouncer/pause/state ]; do usleep 10000; done';
  await local.client.exec(
    { ...key, name: pod?.metadata?.name ?? '' },
    { container: 'connection-pooler', command: ['sh', '-c', wait], signal: AbortSignal.timeout(60_000) },
  );
}

test('neither does a restart of the primary while which the operator is killed', async () => {
  await undisturbed('restart for a parameter, operator killed', async () => {
    const isPaused = paused();
    await patchManifest({ postgresql: { version: '17', parameters: { max_connections: '123' } } });
    await isPaused;
    await local.killOperator();
    const direct = await local.address(name, 'zalando', 'foo');
    await eventually('clients are served again', async () => {
      const [row] = await queryOnce<{ n: string }>(await asUser('zalando'), 'select count(*) as n from load');
      return Number(row?.n) > 0;
    });
    await local.up();
    await eventually('the parameter is in force', async () => {
      const [row] = await queryOnce<{ n: string }>(direct, `select current_setting('max_connections') as n`);
      return row?.n === '123';
    });
  });
});

test('when another member becomes primary, clients of the pooler write to that one, and lose nothing', async () => {
  const writer = new Writer(await asUser('zalando'), 50);
  await writer.start();
  const old = await local.primary(name);
  await local.client.delete(pods, { ...key, name: old.metadata?.name ?? '' });
  await eventually('there is another primary', async () => {
    const primary = await local.primary(name);
    return primary.metadata?.name !== old.metadata?.name;
  });
  const written = writer.count;
  await eventually('the writer goes on', () => writer.count > written + 3);
  const { lost } = await writer.stopAndFindLost();
  expect(lost).toEqual([]);
  await local.waitForStatus(name, 'Running');
});

test('poolers that are switched off go; role and function stay, and nothing is left to do', async () => {
  await patchManifest({ enableConnectionPooler: false, enableReplicaConnectionPooler: false });
  await eventually('poolers are gone', async () => (await poolerPods()).length === 0);
  await local.waitForStatus(name, 'Running');
  const direct = await local.address(name, 'zalando', 'foo');
  const [found] = await queryOnce<{ roles: string; functions: string }>(
    direct,
    `select (select count(*) from pg_roles where rolname = 'pooler') as roles,
            (select count(*) from pg_proc where pronamespace = 'pooler'::regnamespace) as functions`,
  );
  expect(found).toEqual({ roles: '1', functions: '1' });
});
