import type { Clock, Pod } from '@pgherd/kube/objects';
import { PatroniError, type MemberView, type PatroniClient, type ReplicationView } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { planConfiguration } from '../plan/configuration.ts';
import { isStreaming } from '../observe/observed.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { Inquiry, newInquiryMemory } from './inquiry.ts';

const streaming = (ordinal: number, clientAddress = `10.0.0.${ordinal + 1}`): ReplicationView => ({
  applicationName: `acid-demo-${ordinal}`,
  clientAddress,
  state: 'streaming',
});

const running: MemberView = {
  state: 'running',
  role: 'primary',
  pendingRestart: false,
  paused: false,
  replication: [],
  raw: {},
};

/** A leader that gives one answer (none when it is undefined), and what was asked and woken. */
function world(answer: Partial<MemberView> | undefined) {
  const asked: string[] = [];
  const woken: string[] = [];
  let now = 1_000_000;
  const patroni = (address: string) =>
    ({
      patroni: async () => {
        asked.push(address);
        if (answer === undefined) throw new PatroniError('no answer');
        return { ...running, ...answer };
      },
      wakeUp: async () => {
        woken.push(address);
      },
    }) as unknown as PatroniClient;
  const inquiry = new Inquiry(patroni, { now: () => now } as Clock);
  const memory = newInquiryMemory();
  const ask = async (pods: Pod[], leader = 'acid-demo-0') => {
    const observed = await inquiry.ask(testObserved([], pods, { leader }), memory);
    return observed.members.filter((member) => isStreaming(observed, member)).map(({ name }) => name);
  };
  const expectNews = () => inquiry.expectNews(memory, undefined);
  return {
    ask,
    asked,
    woken,
    expectNews,
    pass: (ms: number) => (now += ms),
    next: () => inquiry.next(memory),
  };
}

const primary = testPod({ ordinal: 0, role: 'primary' });
const starting = testPod({ ordinal: 1, streaming: false });

test('nobody is asked while all members stream', async () => {
  const { ask, asked, woken, next } = world({});
  expect(await ask([primary, testPod({ ordinal: 1 })])).toEqual(['acid-demo-0', 'acid-demo-1']);
  expect([asked, woken, next()]).toEqual([[], [], undefined]);
});

test('a member streams as soon as the leader says so, and is woken to say so itself', async () => {
  const { ask, woken } = world({ replication: [streaming(1)] });
  expect(await ask([primary, starting])).toEqual(['acid-demo-0', 'acid-demo-1']);
  expect(woken).toEqual(['10.0.0.2']);
});

test('a connection that a former pod of the same name left behind does not count', async () => {
  const { ask } = world({ replication: [streaming(1, '10.0.0.99')] });
  expect(await ask([primary, starting])).toEqual(['acid-demo-0']);
});

test('a copy being taken, or a replica catching up, does not stream', async () => {
  const copying = { applicationName: 'pg_basebackup', clientAddress: '10.0.0.2', state: 'streaming' };
  const { ask } = world({ replication: [copying, { ...streaming(1), state: 'catchup' }] });
  expect(await ask([primary, starting])).toEqual(['acid-demo-0']);
});

test('the leader is woken for a new member, but not at every look', async () => {
  const { ask, woken, pass } = world({});
  await ask([primary, starting]);
  pass(400);
  await ask([primary, starting]);
  expect(woken).toEqual(['10.0.0.1']);
  pass(3_000);
  await ask([primary, starting]);
  expect(woken).toEqual(['10.0.0.1', '10.0.0.1']);
});

test('a leader that has just started is asked for itself', async () => {
  const promoted = testPod({ ordinal: 0, role: 'replica', streaming: false });
  expect(await world({}).ask([promoted])).toEqual(['acid-demo-0']);
  expect(await world({ state: 'starting' }).ask([promoted])).toEqual([]);
});

test('without an answer members are what they published', async () => {
  const { ask, woken, next } = world(undefined);
  expect(await ask([primary, starting])).toEqual(['acid-demo-0']);
  expect(woken).toEqual(['10.0.0.1']);
  expect(next()).toBe(400);
});

test('a pod that does not run is not asked for: the watch tells of it', async () => {
  const { ask, asked, next } = world({ replication: [streaming(1)] });
  expect(await ask([primary, testPod({ ordinal: 1, running: false })])).toEqual(['acid-demo-0']);
  expect([asked, next()]).toEqual([[], undefined]);
});

test('a container that was started again is not believed what its predecessor published', async () => {
  const silent = world({});
  expect(await silent.ask([primary, testPod({ ordinal: 1 })])).toHaveLength(2);
  const again = testPod({ ordinal: 1, restarts: 1 });
  expect(await silent.ask([primary, again])).toEqual(['acid-demo-0']);
  again.metadata.annotations = { status: '{"role":"replica","state":"starting"}' };
  expect(await silent.ask([primary, again])).toEqual(['acid-demo-0']);
  expect(await silent.ask([primary, testPod({ ordinal: 1, restarts: 1 })])).toHaveLength(2);
});

test('nor is a primary whose container was started again, until it answers', async () => {
  const again = testPod({ ordinal: 0, role: 'primary', restarts: 1 });
  expect(await world(undefined).ask([again])).toEqual([]);
  const answering = world({});
  expect(await answering.ask([again])).toEqual(['acid-demo-0']);
  expect(await answering.ask([again])).toEqual(['acid-demo-0']);
  expect(answering.asked).toHaveLength(1);
});

test('after a change of the configuration all members are woken, for some seconds', async () => {
  const { ask, woken, expectNews, pass, next } = world({});
  const pods = [primary, testPod({ ordinal: 1 })];
  expectNews();
  await ask(pods);
  expect(woken).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(next()).toBe(1_000);
  pass(4_000);
  await ask(pods);
  expect(woken).toHaveLength(2);
  expect(next()).toBeUndefined();
});

test('and restarts wait until all could have said that they need one', async () => {
  const inquiry = new Inquiry(() => ({ wakeUp: async () => {} }) as unknown as PatroniClient, {
    now: () => 0,
  } as Clock);
  const memory = newInquiryMemory();
  const pending = testPod({ ordinal: 0, role: 'primary' });
  pending.metadata.annotations = { status: '{"role":"primary","state":"running","pending_restart":true}' };
  const world = testObserved([], [pending], { leader: 'acid-demo-0', configuration: {} });
  const first = async () =>
    planConfiguration({ wanted: {}, applied: [], version: '17' }, await inquiry.ask(world, memory))[0];
  expect(await first()).toMatchObject({ action: { type: 'restart' } });
  expect(await first()).not.toHaveProperty('waitFor');
  inquiry.expectNews(memory, undefined);
  expect((await first())?.waitFor).toBe('every member has said whether it must restart');
});

test('a change that needs restarts is not done before all members have said so', async () => {
  let now = 0;
  const inquiry = new Inquiry(() => ({ wakeUp: async () => {} }) as unknown as PatroniClient, {
    now: () => now,
  } as Clock);
  const memory = newInquiryMemory();
  const stepsWith = async (pending: boolean) => {
    const pod = testPod({ ordinal: 0, role: 'primary' });
    const status = { role: 'primary', state: 'running', pending_restart: pending };
    pod.metadata.annotations = { status: JSON.stringify(status) };
    const world = testObserved([], [pod], { leader: 'acid-demo-0', configuration: {} });
    const goal = { wanted: {}, applied: [], version: '17' };
    return planConfiguration(goal, await inquiry.ask(world, memory)).map(
      ({ what, waitFor }) => waitFor ?? what,
    );
  };
  inquiry.expectNews(memory, []);
  now += 5_000;
  expect(await stepsWith(false)).toEqual(['Patroni says that a restart is pending']);
  expect(await stepsWith(true)).toEqual(['restart PostgreSQL of acid-demo-0']);
  expect(await stepsWith(false)).toEqual([]);
  inquiry.expectNews(memory, []);
  now += 30_000;
  expect(await stepsWith(false)).toEqual([]);
});

test('parameters that come by different ways: all of them are heard of before anybody restarts', async () => {
  const inquiry = new Inquiry(() => ({ wakeUp: async () => {} }) as unknown as PatroniClient, {
    now: () => 0,
  } as Clock);
  const memory = newInquiryMemory();
  const stepsWith = async (...pending: string[]) => {
    const reasons = pending.map((name) => [name, { old_value: '100', new_value: '900' }]);
    const pod = testPod({ ordinal: 0, role: 'primary' });
    const status = { role: 'primary', state: 'running', pending_restart: true };
    const annotation = { ...status, pending_restart_reason: Object.fromEntries(reasons) };
    pod.metadata.annotations = { status: JSON.stringify(annotation) };
    const world = testObserved([], [pod], { leader: 'acid-demo-0', configuration: {} });
    const goal = { wanted: {}, applied: [], version: '17' };
    return planConfiguration(goal, await inquiry.ask(world, memory)).map(
      ({ what, waitFor }) => waitFor ?? what,
    );
  };
  inquiry.expectNews(memory, ['shared_buffers']);
  inquiry.expectNews(memory, ['max_connections']);
  expect(await stepsWith('shared_buffers')).toEqual(['Patroni says that a restart is pending']);
  expect(await stepsWith('max_connections')).toEqual(['Patroni says that a restart is pending']);
  expect(await stepsWith('shared_buffers', 'max_connections')).toEqual(['restart PostgreSQL of acid-demo-0']);
});

test('whoever does not get there in a minute is asked for seldom, and nobody is woken any more', async () => {
  const { ask, woken, pass, next } = world({});
  await ask([primary, starting]);
  pass(61_000);
  await ask([primary, starting]);
  expect(next()).toBe(5_000);
  expect(woken).toHaveLength(1);
});

test('a clock that is set back keeps no old answer', async () => {
  const { ask, asked, pass } = world({ replication: [] });
  await ask([primary, starting]);
  pass(-3_600_000);
  await ask([primary, starting]);
  expect(asked).toHaveLength(2);
});

test('a clock that is set back does not keep members awake for as long', async () => {
  const { ask, woken, expectNews, pass } = world({});
  const all = [primary, testPod({ ordinal: 1 })];
  expectNews();
  await ask(all);
  expect(woken).toHaveLength(2);
  pass(-3_600_000);
  await ask(all);
  expect(woken).toHaveLength(2);
});
