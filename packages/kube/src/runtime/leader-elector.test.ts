import { expect, test } from 'vitest';
import { TransportError } from '../client/index.ts';
import type { Lease } from '../objects/index.ts';
import { LeaderElector, LeadershipLostError } from './leader-elector.ts';
import { ManualClock, MemoryObjects, settle } from './testing.ts';

/** A candidate that leads until told otherwise and remembers what it did. */
function candidate(identity: string, server: MemoryObjects, clock: ManualClock) {
  const elector = new LeaderElector({
    client: server.client,
    namespace: 'pgherd',
    name: 'operator',
    identity,
    clock,
    random: () => 0,
  });
  const stop = new AbortController();
  const state = { leading: false, led: 0, error: undefined as unknown, ended: false };
  const running = elector
    .run(stop.signal, async (signal) => {
      state.leading = true;
      state.led++;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      state.leading = false;
    })
    .catch((error: unknown) => (state.error = error))
    .finally(() => (state.ended = true));
  return { elector, stop: () => stop.abort(), state, running };
}

const lease = (server: MemoryObjects): Lease => server.objects.get('pgherd/operator') as Lease;

test('the first creates the lease and renews it; the second waits and does not lead', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(0);
  const b = candidate('b', server, clock);
  await clock.advance(60_000);
  expect(a.state.leading).toBe(true);
  expect(b.state.led).toBe(0);
  expect(b.elector.leader).toBe('a');
  expect(lease(server).spec).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: '2030-01-01T00:00:00.000000Z',
    renewTime: '2030-01-01T00:01:00.000000Z',
    leaseTransitions: 1,
  });
  a.stop();
  b.stop();
  await Promise.all([a.running, b.running]);
});

test('a leader that stops gives the lease up; the successor leads at its next attempt', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(0);
  const b = candidate('b', server, clock);
  await clock.advance(5_000);
  a.stop();
  await a.running;
  expect(a.state.error).toBeUndefined();
  expect(lease(server).spec?.holderIdentity).toBe('');
  await clock.advance(2_000);
  expect(b.state.leading).toBe(true);
  expect(lease(server).spec?.leaseTransitions).toBe(2);
  b.stop();
  await b.running;
});

test('a leader that vanished is succeeded when its lease has run out by the own clock, not before', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  await server.client.create({} as never, {
    metadata: { namespace: 'pgherd', name: 'operator' },
    // Its clock is an hour ahead; that must not matter.
    spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2030-01-01T01:00:00.000000Z' },
  });
  const b = candidate('b', server, clock);
  await clock.advance(15_000);
  expect(b.state.leading).toBe(false);
  await clock.advance(3_000);
  expect(b.state.leading).toBe(true);
  b.stop();
  await b.running;
});

test('a leader that cannot renew stops leading after the deadline, before the lease runs out', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(4_000);
  expect(a.state.leading).toBe(true);
  server.failure = new TransportError('https://x', 'ECONNREFUSED', 'refused');
  await clock.advance(5_000);
  expect(a.state.leading).toBe(true);
  await clock.advance(4_000);
  expect(a.state.leading).toBe(false);
  await a.running;
  expect(a.state.error).toBeInstanceOf(LeadershipLostError);
});

test('a leader whose clock is set back does not lead on while it cannot renew', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(4_000);
  server.failure = new TransportError('https://x', 'ECONNREFUSED', 'refused');
  clock.setBack(3_600_000);
  await clock.advance(15_000);
  expect(a.state.leading).toBe(false);
  await a.running;
});

test('one that waits succeeds a leader that vanished, also when its clock is set back', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  await server.client.create({} as never, {
    metadata: { namespace: 'pgherd', name: 'operator' },
    spec: { holderIdentity: 'dead', leaseDurationSeconds: 15 },
  });
  const a = candidate('a', server, clock);
  await clock.advance(5_000);
  clock.setBack(3_600_000);
  await clock.advance(30_000);
  expect(a.state.leading).toBe(true);
  a.stop();
  await a.running;
});

test('a short failure to renew does not matter', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(4_000);
  server.failure = new TransportError('https://x', 'ECONNREFUSED', 'refused');
  await clock.advance(6_000);
  server.failure = undefined;
  await clock.advance(60_000);
  expect(a.state.leading).toBe(true);
  a.stop();
  await a.running;
});

test('a leader that is not disturbed renews with one request each 5 s', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(0);
  server.calls.length = 0;
  await clock.advance(60_000);
  expect(server.calls).toEqual(Array.from({ length: 12 }, () => 'update pgherd/operator'));
  a.stop();
  await a.running;
});

test('a leader whose lease was written or deleted by somebody who does not lead goes on', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(0);
  const labelled = structuredClone(lease(server));
  labelled.metadata.labels = { seen: 'yes' };
  await server.client.update({} as never, labelled);
  await clock.advance(5_000);
  expect(lease(server).metadata.labels).toEqual({ seen: 'yes' });
  expect(lease(server).spec?.renewTime).toBe('2030-01-01T00:00:05.000000Z');
  server.objects.clear();
  await clock.advance(5_000);
  expect(lease(server).spec?.holderIdentity).toBe('a');
  expect(a.state.leading).toBe(true);
  a.stop();
  await a.running;
});

test('a leader whose lease somebody else holds stops leading at its next renewal', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const a = candidate('a', server, clock);
  await clock.advance(0);
  const taken = structuredClone(lease(server));
  await server.client.update({} as never, { ...taken, spec: { ...taken.spec, holderIdentity: 'thief' } });
  await clock.advance(5_000);
  await a.running;
  expect(String(a.state.error)).toContain('thief took it');
  expect(a.state.leading).toBe(false);
});

test('two that try at the same moment: one leads', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const all = ['a', 'b', 'c'].map((identity) => candidate(identity, server, clock));
  await clock.advance(30_000);
  expect(all.filter(({ state }) => state.leading)).toHaveLength(1);
  for (const one of all) one.stop();
  await Promise.all(all.map(({ running }) => running));
});

test('stopped while waiting: it ends without having led', async () => {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  server.failure = new TransportError('https://x', 'ECONNREFUSED', 'refused');
  const a = candidate('a', server, clock);
  await clock.advance(10_000);
  a.stop();
  await settle();
  await a.running;
  expect(a.state).toMatchObject({ led: 0, ended: true, error: undefined });
});

test('times that contradict each other are refused', () => {
  const options = { client: new MemoryObjects().client, namespace: 'n', name: 'l', identity: 'i' };
  expect(() => new LeaderElector({ ...options, leaseDurationMs: 5_000 })).toThrow(RangeError);
  // The default between renewals follows a shorter deadline.
  const short = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 200 };
  expect(() => new LeaderElector({ ...options, ...short })).not.toThrow();
});
