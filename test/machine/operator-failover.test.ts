import type { Configuration } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import { events, pods } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab, type OperatorOfTest } from '../support/operator-lab.ts';
import { PlayedDeath } from '../support/played-death.ts';

/**
 * The operator as it is, under exactly its rights, when a primary dies: the API server is real, kubelet and Patroni are
 * played, so that things happen in the very moment that matters. Every guard for itself is in `decide.test.ts`, and real
 * deaths are in `test/e2e`.
 */

const name = 'acid-demo';
const key = { namespace: 'default', name };

let lab: OperatorLab;
let client: Client;
let played: PlayedDeath;
let operator: OperatorOfTest;

beforeEach(async () => {
  lab = await OperatorLab.start();
  ({ client } = lab);
});

afterEach(() => lab.stop());

async function begin(
  options: { store?: 'endpoints' | 'configmaps'; synchronous?: boolean },
  settings: Partial<Configuration> = {},
): Promise<void> {
  const { store = 'endpoints', synchronous = true } = options;
  // The played members speak in the clear.
  operator = lab.operate({
    enable_patroni_api_tls: false,
    kubernetes_use_configmaps: store === 'configmaps',
    ...settings,
  });
  await client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
    },
  });
  played = new PlayedDeath(client, name, store);
  lab.stopLater(() => played.stop());
  await played.begin({ synchronous });
}

async function told(reason: string): Promise<string[]> {
  const { items } = await client.list(events, { namespace: 'default' });
  return items
    .filter((event) => event.reason === reason && event.involvedObject.name === name)
    .map(({ message = '' }) => message);
}

const untilTold = (reason: string, text: string) =>
  eventually(`event ${reason}: ${text}`, async () =>
    (await told(reason)).some((each) => each.includes(text)),
  );

const untilFree = () =>
  eventually('the lock is taken away', async () => (await played.leader()) === undefined);

async function metric(line: string): Promise<boolean> {
  const page = await (await fetch(`http://127.0.0.1:${await operator.port}/metrics`)).text();
  return page.split('\n').includes(line);
}

describe.each(['endpoints', 'configmaps'] as const)('state in %s', (store) => {
  test('a dead synchronous primary loses lock, label and address at once, and the takeover is told', async () => {
    await begin({ store });
    await played.die();
    await untilFree();
    expect((await played.lock()).subsets ?? []).toEqual([]);
    const { labels, annotations } = (await played.pod(played.primary)).metadata;
    expect(labels?.['spilo-role']).toBeUndefined();
    expect(annotations?.['status']).toBeUndefined();
    await untilTold('FastFailover', `${played.primary} is dead: its container ended with 137 (Error)`);
    await played.lead(played.replica);
    await untilTold('FastFailover', `${played.replica} has taken over from ${played.primary}`);
    expect(await metric('pgherd_fast_failovers_total 1')).toBe(true);
    expect(await metric('pgherd_fast_failover_duration_seconds_count 1')).toBe(true);
  });

  test('whoever renews the lock while a replica is asked keeps it', async () => {
    await begin({ store });
    let asked = 0;
    played.onAsked = async () => {
      asked += 1;
      await played.restart();
      await played.lead(played.primary, Date.now() + 5_000);
    };
    await played.die();
    await eventually('the replica is asked', () => asked > 0);
    // The renewal was seen, and with it the running container.
    await eventually('the labels are looked at again', async () => {
      const { labels } = (await played.pod(played.primary)).metadata;
      return labels?.['spilo-role'] === undefined || (await played.leader()) === played.primary;
    });
    await played.patroni(played.replica, 'master');
    await eventually('the false label is gone', async () => {
      return (await played.pod(played.replica)).metadata.labels?.['spilo-role'] === undefined;
    });
    expect(await played.leader()).toBe(played.primary);
    expect(await metric('pgherd_fast_failovers_total 0')).toBe(true);
  });
});

test('a last renewal of the dead that comes in late only makes it start over', async () => {
  await begin({});
  let asked = 0;
  played.onAsked = async () => {
    asked += 1;
    if (asked === 1) await played.lead(played.primary, Date.now() - 5_000);
  };
  await played.die();
  await untilFree();
  expect(asked).toBe(2);
});

test('only the last state tells of the death', async () => {
  await begin({});
  await played.restart();
  await untilFree();
  expect(await metric('pgherd_fast_failovers_total 1')).toBe(true);
});

test('a status that comes when the next run has renewed the lock already does nothing', async () => {
  await begin({});
  await played.lead(played.primary, Date.now() + 5_000);
  await played.restart();
  await played.patroni(played.replica, 'master');
  await eventually('the false label is gone', async () => {
    return (await played.pod(played.replica)).metadata.labels?.['spilo-role'] === undefined;
  });
  expect(await played.leader()).toBe(played.primary);
  expect(await told('NoFastFailover')).toEqual([]);
});

test('a pod that is gone proves nothing', async () => {
  await begin({});
  await client.delete(pods, { namespace: 'default', name: played.primary }, { gracePeriodSeconds: 0 });
  await untilTold('NoFastFailover', played.primary);
  expect(await played.leader()).toBe(played.primary);
});

test('an end that the kubelet does not know of proves nothing', async () => {
  await begin({});
  await played.die('ContainerStatusUnknown');
  await untilTold('NoFastFailover', `nobody knows how the container of ${played.primary} ended`);
  expect(await played.leader()).toBe(played.primary);
  expect(await metric('pgherd_fast_failovers_refused_total{guard="unknownEnd"} 1')).toBe(true);
});

test('an asynchronous primary may come back first, for as long as is configured', async () => {
  await begin({ synchronous: false }, { fast_failover_restart_timeout: 500 });
  await played.die();
  await untilTold('WaitingForRestart', 'its container may be back within 1 s');
  await untilFree();
  expect(await metric('pgherd_fast_failovers_refused_total{guard="restarting"} 1')).toBe(true);
});

test('an asynchronous primary that is not started again is given up at once', async () => {
  await begin({ synchronous: false }, { fast_failover_restart_timeout: 3_600_000 });
  await played.die();
  await untilTold('WaitingForRestart', 'its container may be back within 3600 s');
  const { containerStatuses } = (await played.pod(played.primary)).status ?? {};
  const last = containerStatuses?.[0]?.state ?? {};
  await played.kubelet(played.primary, { waiting: { reason: 'CrashLoopBackOff' } }, last);
  await untilFree();
  await untilTold('FastFailover', '(CrashLoopBackOff)');
  expect(await metric('pgherd_fast_failovers_total 1')).toBe(true);
});

test('switched off, the lock is left alone; a stale label of the primary is still taken away', async () => {
  await begin({}, { enable_fast_failover: false });
  await played.die();
  await played.patroni(played.replica, 'master');
  await eventually('the false label is gone', async () => {
    return (await played.pod(played.replica)).metadata.labels?.['spilo-role'] === undefined;
  });
  expect(await played.leader()).toBe(played.primary);
  expect((await played.pod(played.primary)).metadata.labels?.['spilo-role']).toBe('master');
});

test('when another member leads, the one before loses its label although its container runs', async () => {
  await begin({});
  await played.lead(played.replica);
  await eventually('the stale label is gone', async () => {
    return (await played.pod(played.primary)).metadata.labels?.['spilo-role'] === undefined;
  });
  expect(await played.leader()).toBe(played.replica);
});
