import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PostgresqlStatus } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject, StatefulSet } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { belongingKinds } from '../support/belongings.ts';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/**
 * The operator as it is, under exactly the rights of its manifest, against the real API server and controllers; node,
 * Patroni and PostgreSQL are played. Real pods are in `test/e2e`.
 */

const name = 'acid-demo';
const key = { namespace: 'default', name };

type Cluster = KubeObject & { spec: Record<string, unknown>; status?: PostgresqlStatus };

let lab: OperatorLab;
let client: Client;
let played: PlayedCluster;

beforeEach(async () => {
  lab = await OperatorLab.start();
  ({ client } = lab);
});

afterEach(() => lab.stop());

async function create(store: 'endpoints' | 'configmaps'): Promise<void> {
  await client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { zalando: ['superuser'], foo_user: [] },
      databases: { foo: 'zalando' },
    },
  });
  played = new PlayedCluster(client, name, store);
  lab.stopLater(() => played.stop());
}

const read = async () => (await client.get(postgresqls, key)) as Cluster;

/** Changes the manifest and waits until the operator has done all of it. */
async function change(spec: Record<string, unknown>, status = 'Running'): Promise<void> {
  await client.patch(postgresqls, key, { type: 'merge', body: { spec } });
  await until(status);
}

const until = (word: string) =>
  eventually(`status ${word}`, async () => {
    const { metadata, status } = await read();
    return status?.PostgresClusterStatus === word && status.observedGeneration === metadata.generation;
  });

async function podNames(): Promise<string[]> {
  return (await client.list(kube.pods, key)).items.map(({ metadata }) => metadata.name ?? '').sort();
}

/** Everything in the namespace that belongs to the cluster. */
async function belongings(): Promise<string[]> {
  const lists = await Promise.all(
    belongingKinds.map(async (resource) => {
      const { items } = await client.list(resource, { namespace: 'default' });
      return items.map(({ metadata }) => `${resource.plural} ${metadata.name}`);
    }),
  );
  return lists.flat().filter((each) => each.includes(name));
}

async function requests(port: number): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counters = page.split('\n').filter((line) => line.startsWith('pgherd_kubernetes_requests_total'));
  // The lease is renewed all the time; watches only begin again when they end; events are not awaited; how full volumes
  // are is looked at by the clock.
  const counted = counters.filter((line) => !/resource="(leases|events)"|verb="(watch|exec)"/.test(line));
  return counted.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe.each(['endpoints', 'configmaps'] as const)('with Patroni in %s', (store) => {
  test('the life of a cluster', async () => {
    const operator = lab.operate({ kubernetes_use_configmaps: store === 'configmaps' });
    await create(store);
    await until('Running');
    expect(operator.sql.at(-1)).toBe('admin,postgres,standby,foo_user,zalando');
    expect((await read()).status).toMatchObject({ instances: 2, readyInstances: 2, primary: `${name}-0` });

    // Patroni's heartbeats go on all the time; the operator sleeps through them.
    const port = await operator.port;
    const before = await requests(port);
    await eventually('twenty heartbeats', heartbeats(20));
    expect(await requests(port)).toBe(before);

    await change({ numberOfInstances: 3 });
    expect(await podNames()).toEqual([`${name}-0`, `${name}-1`, `${name}-2`]);

    // A roll-out switches over once, to a replica that was replaced already.
    await change({ podPriorityClassName: 'system-node-critical' });
    expect(played.primaries).toEqual([`${name}-0`, expect.stringMatching(/-[12]$/)]);

    await change({ patroni: { ttl: 20 } });
    expect(await played.configuration()).toMatchObject({ ttl: 20 });
    await change({ patroni: null });
    expect(await played.configuration()).not.toHaveProperty('ttl');

    await change({ users: { foo_user: ['login', 'nologin'] } }, 'Invalid');
    await change({ users: { foo_user: [] } });

    // Scaling down moves the primary out of the way first.
    await played.lead(`${name}-2`);
    await change({ numberOfInstances: 1 });
    expect(await podNames()).toEqual([`${name}-0`]);
    expect(played.primaries.slice(-2)).toEqual([`${name}-2`, `${name}-0`]);

    // What cannot be changed is made again around the pod, which stays the same.
    const uid = (await client.get(kube.pods, { ...key, name: `${name}-0` })).metadata.uid;
    await change({ volume: { size: '2Gi' } });
    const set: StatefulSet = await client.get(kube.statefulSets, key);
    expect(set.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.['storage']).toBe('2Gi');
    expect((await client.get(kube.pods, { ...key, name: `${name}-0` })).metadata.uid).toBe(uid);

    await client.delete(postgresqls, key);
    await eventually('the cluster is gone', async () => (await client.find(postgresqls, key)) === undefined);
    expect(await belongings()).toEqual([]);
  });
});

/** Counts changes of the lock's time of renewal. */
function heartbeats(wanted: number): () => Promise<boolean> {
  let seen = 0;
  let last: string | undefined;
  return async () => {
    const lock = await client.get(kube.endpoints, key).catch(() => undefined);
    const other = await client.find(kube.configMaps, { ...key, name: `${name}-leader` });
    const time = other?.metadata.annotations?.['renewTime'] ?? lock?.metadata.annotations?.['renewTime'];
    if (time !== last) seen++;
    last = time;
    return seen > wanted;
  };
}

test('killed again and again, the operator still makes the cluster, and takes it down', async () => {
  await create('endpoints');
  const passwords = new Map<string, string>();
  const isRunning = async () => (await read()).status?.PostgresClusterStatus === 'Running';
  await whileBeingKilled(isRunning, async () => {
    for (const secret of (await client.list(kube.secrets, { namespace: 'default' })).items) {
      const id = secret.metadata.name ?? '';
      const password = secret.data?.['password'] ?? secret.data?.['restapi-password'] ?? '';
      expect(passwords.get(id) ?? password).toBe(password);
      passwords.set(id, password);
    }
  });
  expect(passwords.size).toBe(5);
  expect([...passwords.values()].filter((password) => password === '')).toEqual([]);
  await client.delete(postgresqls, key);
  await whileBeingKilled(async () => (await client.find(postgresqls, key)) === undefined);
  expect(await belongings()).toEqual([]);
});

/** Runs the operator in processes that are killed with -9 ever later, until the condition holds. */
async function whileBeingKilled(
  condition: () => Promise<boolean>,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  const script = fileURLToPath(new URL('../support/operator-process.ts', import.meta.url));
  const kubeconfig = lab.kubernetes.kubeconfigOf('default', 'postgres-operator');
  for (let life = 300; !(await condition()); life *= 1.15) {
    if (life > 20_000) throw new Error('the operator does not get there however long it lives');
    const child = spawn(process.execPath, ['--no-warnings', script, kubeconfig], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const end = Date.now() + life;
    while (Date.now() < end && !(await condition())) await meanwhile();
    child.kill('SIGKILL');
    await exited;
  }
}

test('a deletion that is not confirmed is told in the status, and goes on once it is', async () => {
  lab.operate({ delete_annotation_name_key: 'delete-clustername' });
  await create('endpoints');
  await until('Running');
  await client.delete(postgresqls, key);
  const { message } = await eventually('the status tells', async () => {
    const { lastError } = (await read()).status ?? {};
    return lastError?.reason === 'DeletionUnconfirmed' ? lastError : undefined;
  });
  expect(message).toContain(`delete-clustername=${name}`);
  expect(await podNames()).toEqual([`${name}-0`, `${name}-1`]);
  const metadata = { annotations: { 'delete-clustername': name } };
  await client.patch(postgresqls, key, { type: 'merge', body: { metadata } });
  await eventually('the cluster is gone', async () => (await client.find(postgresqls, key)) === undefined);
});
