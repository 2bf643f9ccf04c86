import type { Client } from '@pgherd/kube/client';
import type { Event } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { MissingPods, type MissingPodsMemory } from './missing-pods.ts';

const quota = 'create Pod acid-demo-1 failed error: pods "acid-demo-1" is forbidden: exceeded quota: small';

/** Looks every ten seconds of a played clock; events are as given. */
function lookerWith(items: Partial<Event>[] | Error) {
  let [now, asked] = [Date.parse('2026-01-02T03:04:05Z'), 0];
  const client: Partial<Client> = {
    list: async () => {
      asked++;
      if (items instanceof Error) throw items;
      return { metadata: {}, items } as never;
    },
  };
  const looker = new MissingPods(client as Client, { now: () => now, after: () => () => {} });
  let memory: MissingPodsMemory | undefined;
  const look = async (pods: number, running = true) => {
    const object = { metadata: { name: 'acid-demo', namespace: 'default', uid: 'u' }, spec: { replicas: 2 } };
    const all = Array.from({ length: pods }, (_, ordinal) => testPod({ ordinal, running }));
    const observed = testObserved([{ kind: kinds.statefulSet, object }], all);
    memory = await looker.look(observed, memory);
    now += 10_000;
    return memory?.trouble;
  };
  return { look, asked: () => asked };
}

function eventOf(message: string, uid = 'u', lastTimestamp = '2026-01-02T03:04:00Z'): Partial<Event> {
  return { involvedObject: { uid }, message, lastTimestamp };
}

test('what keeps the controller from making pods is told after a while, and with what to do', async () => {
  const { look, asked } = lookerWith([eventOf('older', 'u', '2026-01-02T03:00:00Z'), eventOf(quota)]);
  expect(await look(1)).toBeUndefined();
  expect(asked()).toBe(0);
  const trouble = await look(1);
  expect(trouble).toMatchObject({ reason: 'QuotaExceeded' });
  expect(trouble?.message).toContain(quota);
  expect(trouble?.message).toContain('raise the ResourceQuota');
  // Kept between questions, forgotten when the pods are there.
  expect(await look(1)).toBe(trouble);
  expect(asked()).toBe(1);
  expect(await look(2)).toBeUndefined();
  expect(await look(1)).toBeUndefined();
});

test('while a pod starts, the next is not missing yet', async () => {
  const { look, asked } = lookerWith([eventOf(quota)]);
  for (let round = 0; round < 5; round++) expect(await look(1, false)).toBeUndefined();
  expect(asked()).toBe(0);
});

test('a complete cluster is never asked about', async () => {
  const { look, asked } = lookerWith([eventOf(quota)]);
  for (let round = 0; round < 5; round++) expect(await look(2)).toBeUndefined();
  expect(asked()).toBe(0);
});

test.each([
  ['events of an earlier StatefulSet', [eventOf(quota, 'another')]],
  ['events of long ago', [eventOf(quota, 'u', '2026-01-02T01:00:00Z')]],
  ['no right to read events', new Error('forbidden')],
])('%s say nothing', async (_, items) => {
  const { look } = lookerWith(items);
  for (let round = 0; round < 5; round++) expect(await look(0)).toBeUndefined();
});
