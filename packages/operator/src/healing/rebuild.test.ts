import type { Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import type { Observed } from '../observe/observed.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { idleReplicas, type IdleReplicas } from './idle-replica.ts';
import { idleTroubles, planHealing } from './rebuild.ts';

/** `replica_rebuild_after` */
const patienceMs = 300_000;
const start = Date.parse('2030-01-01T00:00:00Z');

const primary = testPod({ ordinal: 0, role: 'primary' });
const streaming = testPod({ ordinal: 1 });
const stuck = testPod({ ordinal: 1, streaming: false, state: 'running', location: 5 });

const world = (pods: Pod[], leader: string | undefined = 'acid-demo-0'): Observed =>
  testObserved([], pods, { leader });

/** What is planned when these worlds were seen one after the other, `everyMs` apart. */
function planned(worlds: Observed[], everyMs = patienceMs): string[] {
  let idle: IdleReplicas = new Map();
  let now = start - everyMs;
  for (const observed of worlds) {
    now += everyMs;
    idle = idleReplicas(observed, idle, now);
  }
  const last = worlds.at(-1) ?? world([]);
  return planHealing({ idle, patienceMs, now }, last).map(
    ({ what, waitFor }) => `${what}${waitFor === undefined ? '' : ` until ${waitFor}`}`,
  );
}

const rebuilt = 'rebuild replica acid-demo-1 from acid-demo-0';
const stale = world([primary, stuck]);

test('a replica that runs and follows nobody is copied again after the time', () => {
  expect(planned([stale, stale])).toEqual([rebuilt]);
  expect(planned([stale, stale], patienceMs - 1)).toEqual([]);
});

test.each(['start failed', 'crashed', 'stopped'])('so is one that does not run PostgreSQL: %s', (state) => {
  const broken = world([primary, testPod({ ordinal: 1, streaming: false, state })]);
  expect(planned([broken, broken])).toEqual([rebuilt]);
});

test.each<[string, Pod]>([
  ['streams', streaming],
  ['makes its way', testPod({ ordinal: 1, streaming: false, state: 'running', location: 6 })],
  ['copies', testPod({ ordinal: 1, streaming: false, state: 'creating replica' })],
  ['starts, which may take hours', testPod({ ordinal: 1, streaming: false, state: 'starting' })],
  ['does not run: its pod is what is broken', testPod({ ordinal: 1, running: false, streaming: false })],
])('not one that %s', (_what, pod) => {
  const later = world([primary, pod]);
  expect(planned([stale, later])).toEqual([]);
});

test('the time begins anew with another container', () => {
  const restarted = structuredClone(stuck);
  const [container] = restarted.status?.containerStatuses ?? [];
  if (container !== undefined) container.containerID = 'podman://other';
  expect(planned([stale, world([primary, restarted])])).toEqual([]);
});

test('the time begins anew with another primary: perhaps it can follow that one', () => {
  const others = [testPod({ ordinal: 0, streaming: true }), stuck, testPod({ ordinal: 2, role: 'primary' })];
  const before = [primary, stuck, testPod({ ordinal: 2 })];
  expect(planned([world(before), world(others, 'acid-demo-2')])).toEqual([]);
});

test('never while nobody accepts writes: it may be the one with the data', () => {
  const headless = world([primary, stuck], '');
  expect(planned([headless, headless])).toEqual([]);
  expect(planned([headless, stale])).toEqual([]);
  const down = world([testPod({ ordinal: 0, role: 'primary', running: false }), stuck]);
  expect(planned([stale, stale, down])).toEqual([]);
});

test('never the primary', () => {
  const odd = world([testPod({ ordinal: 0, role: 'primary', state: 'start failed' }), streaming]);
  expect(planned([odd, odd])).toEqual([]);
});

test('one at a time', () => {
  const third = testPod({ ordinal: 2, streaming: false, state: 'running' });
  const both = world([primary, stuck, third]);
  expect(planned([both, both])).toEqual([rebuilt]);
  const copying = testPod({ ordinal: 2, streaming: false, state: 'creating replica' });
  const busy = world([primary, stuck, copying]);
  expect(planned([busy, busy])).toEqual([`${rebuilt} until acid-demo-2 has copied its data`]);
});

test('less and less often', () => {
  const before = (times: number, at: number): Observed => {
    const pod = structuredClone(stuck);
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      'pgherd.dev/rebuilt': JSON.stringify({ at, times }),
    };
    return world([primary, pod]);
  };
  const twice = (observed: Observed) => planned([observed, observed]);
  // It is looked at the second time at start + patience.
  expect(twice(before(1, start - patienceMs))).toEqual([rebuilt]);
  expect(twice(before(1, start - patienceMs + 1))).toEqual([]);
  expect(twice(before(3, start - 6 * patienceMs))).toEqual([]);
  expect(twice(before(3, start - 7 * patienceMs))).toEqual([rebuilt]);
  // A time in the future is that of a clock that was wrong.
  expect(twice(before(1, start + 1e9))).toEqual([]);
});

test('0 rebuilds none, and says how people do it', () => {
  const idle = idleReplicas(stale, new Map(), start);
  const goal = { idle, patienceMs: 0, now: start + 1e9 };
  expect(planHealing(goal, stale)).toEqual([]);
  expect(idleTroubles(goal, stale)[0]?.message).toContain('pgherd reinit');
});

test('it is told, with the time', () => {
  const idle = idleReplicas(stale, new Map(), start);
  expect(idleTroubles({ idle, patienceMs, now: start + 29_999 }, stale)).toEqual([]);
  expect(idleTroubles({ idle, patienceMs, now: start + 30_000 }, stale)).toEqual([
    {
      reason: 'ReplicaIdle',
      message:
        'acid-demo-1 runs and does not stream (no word of replication); it is copied again from the primary at 2030-01-01 00:05 UTC, if it does not follow until then',
    },
  ]);
});
