import type { Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import type { Plan, Step } from '../plan/step.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { announcementOf, endOfRollout, replacedPods, stalledBecause, waitingOf } from './stalled.ts';

const minute = 60_000;
const start = Date.parse('2026-01-01T00:00:00Z');

function replace(name: string, more: Partial<Step> = {}): Step {
  return {
    what: `replace pod ${name}`,
    why: ['spec.containers[name=postgres].image: a → b'],
    disturbs: 'restart',
    action: { type: 'delete', kind: kinds.pod, namespace: 'default', name, uid: '' },
    ...more,
  };
}

const planOf = (...steps: Step[]): Plan => ({ tracks: [{ name: 'pods', steps }] });
const waitsFor = (waitFor: string) => planOf(replace('acid-demo-1', { waitFor }));

/** Why a roll that waits for member 2 since `start` has stopped, so much later. */
function because(pod: Pod | undefined, laterMs: number, what = 'acid-demo-2 streams'): string | undefined {
  const pods = [testPod({ ordinal: 0, role: 'primary' }), ...(pod === undefined ? [] : [pod])];
  const observed = testObserved([], pods, { leader: 'acid-demo-0' });
  const waiting = waitingOf(waitsFor(what), undefined, start);
  return stalledBecause(observed, waiting, start + laterMs, 10 * minute);
}

test('a wait begins when its cause changes, and ends when nothing is waited for', () => {
  const first = waitingOf(waitsFor('a streams'), undefined, 5);
  expect(first).toEqual({ what: 'a streams', since: 5 });
  expect(waitingOf(waitsFor('a streams'), first, 9)).toBe(first);
  expect(waitingOf(waitsFor('b streams'), first, 9)).toEqual({ what: 'b streams', since: 9 });
  expect(waitingOf(planOf(replace('x')), first, 9)).toBeUndefined();
  const ready = waitingOf(waitsFor('acid-demo-2 is ready'), undefined, 5);
  expect(waitingOf(waitsFor('acid-demo-2 stays ready'), ready, 9)?.since).toBe(5);
});

test('with two members it is the handover that waits', () => {
  const handover: Step = {
    what: 'switch over from acid-demo-0 to acid-demo-1',
    why: [],
    disturbs: 'switchover',
    action: {
      type: 'switchover',
      leader: '',
      candidate: '',
      leaderAddress: '',
      candidateAddress: '',
      maximumLag: 0,
    },
    waitFor: 'acid-demo-1 streams',
  };
  expect(waitingOf(planOf(handover, replace('acid-demo-0')), undefined, 5)?.what).toBe('acid-demo-1 streams');
  // Without a pod that goes it is no rolling update.
  expect(waitingOf(planOf(handover), undefined, 5)).toBeUndefined();
});

test('a pod that does not come back stops the roll after a time, which then says what Patroni says', () => {
  const late = testPod({ ordinal: 2, streaming: false });
  expect(because(late, 9 * minute)).toBeUndefined();
  expect(because(late, 10 * minute)).toBe(
    'the rolling update has stopped: pod acid-demo-2 has not come back for more than 10 minutes (Patroni says "starting"); kubectl logs acid-demo-2 -c postgres says why. It goes on by itself when that is over, and replaces the pod when the manifest changes it',
  );
});

test('a pod that Kubernetes cannot run says so soon, with what to do', () => {
  const late = testPod({ ordinal: 2, running: false });
  const [status] = late.status?.containerStatuses ?? [];
  if (status !== undefined) {
    status.image = 'registry.example/nothing:1';
    status.state = { waiting: { reason: 'ImagePullBackOff' } };
  }
  expect(because(late, 29_000)).toBeUndefined();
  expect(because(late, 30_000)).toMatch(
    /stopped: image registry\.example\/nothing:1 .* pod acid-demo-2 cannot be pulled \(ImagePullBackOff\): correct its name/,
  );
});

test('after a restart of the operator the time of the pod counts, not our own', () => {
  const late = testPod({ ordinal: 2, streaming: false });
  late.metadata.creationTimestamp = '2025-12-31T23:00:00Z';
  expect(because(late, 0)).toMatch(/has not come back for more than 10 minutes/);
});

test('an old pod that only pauses, after a switchover, is not late at once', () => {
  const pausing = testPod({ ordinal: 2 });
  pausing.metadata.creationTimestamp = '2025-12-31T23:00:00Z';
  pausing.metadata.annotations = { status: '{"role":"replica","state":"running"}' };
  expect(because(pausing, 1_000)).toBeUndefined();
  expect(because(pausing, 10 * minute)).toContain('acid-demo-2');
});

test('an old pod that was just deleted is not late yet', () => {
  const going = testPod({ ordinal: 2, deleting: true });
  going.metadata.creationTimestamp = '2025-12-31T23:00:00Z';
  expect(because(going, minute, 'acid-demo-2 is gone')).toBeUndefined();
});

test('a replica that copies its data is not late', () => {
  const late = testPod({ ordinal: 2, streaming: false });
  late.metadata.annotations = { status: JSON.stringify({ role: 'replica', state: 'creating replica' }) };
  expect(because(late, 500 * minute)).toBeUndefined();
});

test('a pod that is not made at all, and one that does not go away', () => {
  expect(because(undefined, 11 * minute, '1 missing pod is created')).toMatch(
    /it has waited more than 10 minutes for "1 missing pod is created"; kubectl describe statefulset/,
  );
  expect(because(testPod({ ordinal: 2, deleting: true }), 11 * minute, 'acid-demo-2 is gone')).toMatch(
    /pod acid-demo-2 has not gone away for more than 10 minutes/,
  );
});

test('restarts for a parameter with which PostgreSQL does not start', () => {
  const restart: Step = {
    what: 'restart PostgreSQL of acid-demo-0',
    why: [],
    disturbs: 'downtime',
    action: { type: 'restart', member: 'acid-demo-0', address: '' },
    waitFor: 'acid-demo-2 streams',
  };
  const waiting = waitingOf({ tracks: [{ name: 'configuration', steps: [restart] }] }, undefined, start);
  const pods = [
    testPod({ ordinal: 0, role: 'primary' }),
    testPod({ ordinal: 2, streaming: false, state: 'start failed' }),
  ];
  const observed = testObserved([], pods, { leader: 'acid-demo-0' });
  expect(stalledBecause(observed, waiting, start + 10 * minute, 10 * minute)).toMatch(
    /^the restarts for a changed parameter have stopped: pod acid-demo-2 .*"start failed".*correcting the manifest$/,
  );
});

test('nobody serves: what keeps a member from it is told instead of that a primary is waited for', () => {
  const pods = [testPod({ ordinal: 0, role: 'primary', running: false }), testPod({ ordinal: 1 })];
  const observed = testObserved([], pods, { leader: 'acid-demo-0' });
  const waiting = waitingOf(waitsFor('a primary accepts writes'), undefined, start);
  expect(stalledBecause(observed, waiting, start + 30_000, 10 * minute)).toMatch(
    /container postgres in pod acid-demo-0 ends \(CrashLoopBackOff\)/,
  );
});

test('what is about to be felt is announced with its order and reason', () => {
  expect(announcementOf(planOf())).toBeUndefined();
  const switchover: Step = {
    what: 'switch over from acid-demo-0 to acid-demo-1',
    why: [],
    disturbs: 'switchover',
    action: {
      type: 'switchover',
      leader: 'acid-demo-0',
      candidate: 'acid-demo-1',
      leaderAddress: '',
      candidateAddress: '',
      maximumLag: 0,
    },
  };
  expect(announcementOf(planOf(replace('acid-demo-1'), switchover, replace('acid-demo-0')))).toBe(
    'rolling update: replace pod acid-demo-1, switch over from acid-demo-0 to acid-demo-1, replace pod acid-demo-0 (spec.containers[name=postgres].image: a → b)',
  );
  expect(announcementOf(planOf(replace('acid-demo-0', { disturbs: 'downtime' })))).toMatch(
    /^restarting in place, the database is away until the pod is back: replace pod acid-demo-0 \(/,
  );
});

test('a pod that has to leave its node and has nowhere to go is not announced: nothing is done with it', () => {
  const leaves = (more: Partial<Step>) => planOf(replace('acid-demo-1', { drain: 'orderly', ...more }));
  expect(announcementOf(leaves({ waitFor: 'there is a node for it' }))).toBeUndefined();
  expect(announcementOf(leaves({}))).toContain('rolling update: replace pod acid-demo-1');
});

test('a rolling update is done when a pod was replaced, and called off when none was', () => {
  const replaced = (name: string, uid: string) =>
    replace(name, { action: { type: 'delete', kind: kinds.pod, namespace: 'default', name, uid } });
  const pods = [testPod({ ordinal: 0, role: 'primary' }), testPod({ ordinal: 1 })];
  const observed = testObserved([], pods, { leader: 'acid-demo-0' });
  const announced = replacedPods(planOf(replaced('acid-demo-1', 'uid-1'), replaced('acid-demo-0', 'uid-0')));
  expect(endOfRollout(planOf(), announced, observed)).toBe(
    'rolling update called off: acid-demo-0, acid-demo-1 stay as before',
  );
  expect(endOfRollout(planOf(), ['uid-1', 'uid-of-another'], observed)).toBe('rolling update done');
  const later = planOf(replace('acid-demo-1', { postponed: {}, waitFor: 'the window opens' }));
  expect(endOfRollout(later, announced, observed)).toContain('next maintenance window');
});
