import { describe, expect, test } from 'vitest';
import { decide, type Candidate, type Facts, type Guard, type Verdict } from './decide.ts';
import type { LeaderLock } from './leader-lock.ts';
import type { EndedRun, LeaderPod } from './leader-pod.ts';

/** The primary ran from 1000 on, renewed last at 1500 and died at 1505; a replica answers. */
const run: EndedRun = {
  id: 'containerd://one',
  reason: 'Error',
  exitCode: 137,
  startedIn: 1000,
  endedIn: 1505,
  nextStartedIn: undefined,
};
const lock: LeaderLock = {
  leader: 'acid-demo-0',
  resourceVersion: '77',
  renewedIn: 1500,
  acquiredIn: 1010,
  ttl: 30,
  location: 5000,
  address: '10.0.0.1',
  podUid: 'uid-0',
};
const pod: LeaderPod = {
  uid: 'uid-0',
  resourceVersion: '70',
  createdIn: 990,
  address: '10.0.0.1',
  announcedAddress: '10.0.0.1',
  sharesProcesses: false,
  ended: [run],
  runningSince: undefined,
  notRestarted: undefined,
};
const candidate: Candidate = {
  name: 'acid-demo-1',
  state: 'running',
  role: 'replica',
  neverLeader: false,
  failsafe: false,
  paused: false,
  location: 5000,
};
const synchronous = { standbys: ['acid-demo-1'], votes: 1 };
const dead: Facts = {
  lock,
  pod,
  rules: { paused: false, synchronous, maximumLag: 1000 },
  candidates: [candidate],
  knownForMs: 0,
  restartMs: 5000,
};

const withLock = (changes: Partial<LeaderLock>): Facts => ({ ...dead, lock: { ...lock, ...changes } });
const withPod = (changes: Partial<LeaderPod>): Facts => ({ ...dead, pod: { ...pod, ...changes } });
const withRun = (changes: Partial<EndedRun>): Facts => withPod({ ended: [{ ...run, ...changes }] });
const withRules = (changes: Partial<Facts['rules']>): Facts => ({
  ...dead,
  rules: { ...dead.rules, ...changes },
});
const withCandidate = (changes: Partial<Candidate>): Facts => ({
  ...dead,
  candidates: [{ ...candidate, ...changes }],
});
const asynchronous = withRules({ synchronous: undefined });

const guardOf = (verdict: Verdict): Guard | undefined => ('guard' in verdict ? verdict.guard : undefined);

test('a proven death of a synchronous primary is acted on at once, for the version of the lock that was read', () => {
  const verdict = decide(dead);
  expect(verdict).toEqual({ type: 'act', death: { run, lock, pod } });
});

test('members are asked only when there is something to ask them for', () => {
  expect(decide({ ...dead, candidates: undefined }).type).toBe('ask');
  expect(decide({ ...dead, candidates: undefined, pod: undefined }).type).toBe('leave');
});

describe('whoever may live keeps its lock', () => {
  test.each<[Guard, string, Facts]>([
    ['unlocked', 'nobody holds it', { ...dead, lock: undefined }],
    ['noPod', 'the pod is gone', { ...dead, pod: undefined }],
    ['alive', 'nothing has ended', withPod({ ended: [], runningSince: 1000 })],
    ['earlierPod', 'another uid', withPod({ uid: 'uid-1' })],
    ['earlierPod', 'made after the term began', withPod({ createdIn: 1011 })],
    ['earlierPod', 'another address in the Endpoints', withLock({ address: '10.0.0.9' })],
    [
      'earlierPod',
      'another address in its own words, without Endpoints',
      {
        ...withPod({ announcedAddress: '10.0.0.9' }),
        lock: { ...lock, address: undefined, podUid: undefined },
      },
    ],
    [
      'earlierPod',
      'no address at all',
      {
        ...withPod({ announcedAddress: undefined }),
        lock: { ...lock, address: undefined, podUid: undefined },
      },
    ],
    [
      'alive',
      'it leads again, whatever became of the run before',
      {
        ...withPod({
          runningSince: 1507,
          ended: [{ ...run, reason: 'ContainerStatusUnknown', nextStartedIn: 1507 }],
        }),
        lock: { ...lock, renewedIn: 1508 },
      },
    ],
    ['sharedProcesses', 'processes live on without the first', withPod({ sharesProcesses: true })],
    ['unknownEnd', 'the kubelet lost it', withRun({ reason: 'ContainerStatusUnknown' })],
    ['unknownEnd', 'containerd lost it', withRun({ reason: 'Unknown' })],
    ['unknownEnd', 'no reason', withRun({ reason: '' })],
    ['unknownEnd', 'no time of its end', withRun({ endedIn: undefined })],
    ['unknownEnd', 'no id', withRun({ id: '' })],
    ['unknownEnd', 'another run than the one that renewed: it began later', withRun({ startedIn: 1501 })],
    ['unknownEnd', 'it may have begun after the renewal, in that second', withRun({ startedIn: 1500 })],
    ['renewedSince', 'renewed after its end', withLock({ renewedIn: 1506 })],
    ['renewedSince', 'renewed in the second of its end', withLock({ renewedIn: 1505 })],
    [
      'alive',
      'the next run has renewed it',
      {
        ...withPod({ runningSince: 1507, ended: [{ ...run, nextStartedIn: 1507 }] }),
        lock: { ...lock, renewedIn: 1508 },
      },
    ],
    [
      'alive',
      'the next run has renewed it after the clock of the node was set back',
      {
        ...withPod({ runningSince: 1490, ended: [{ ...run, startedIn: 900, nextStartedIn: 1490 }] }),
        lock: { ...lock, renewedIn: 1500 },
      },
    ],
    [
      'renewedSince',
      'the next run may have renewed it in its first second',
      {
        ...withPod({ runningSince: 1505, ended: [{ ...run, nextStartedIn: 1505 }] }),
        lock: { ...lock, renewedIn: 1505 },
      },
    ],
  ])('%s: %s', (guard, _what, facts) => {
    const verdict = decide(facts);
    expect(verdict.type).toBe('leave');
    expect(guardOf(verdict)).toBe(guard);
  });
});

describe('what proves it as well', () => {
  const restarted = { ...run, nextStartedIn: 1506 };
  test.each<[string, Facts]>([
    [
      'only the last state tells, and the next run has not renewed',
      withPod({ runningSince: 1506, ended: [restarted] }),
    ],
    [
      'renewed in the second of its end, and the next run began later',
      { ...withPod({ runningSince: 1506, ended: [restarted] }), lock: { ...lock, renewedIn: 1505 } },
    ],
    [
      'the next run ended, too, without having renewed',
      withPod({ ended: [{ ...run, id: 'two', startedIn: 1506, endedIn: 1507 }, restarted] }),
    ],
    [
      'the next run could not be started',
      withPod({ ended: [{ ...run, id: 'two', reason: 'StartError', startedIn: undefined }, run] }),
    ],
    [
      'without Endpoints, by the address that the pod says it has',
      { ...dead, lock: { ...lock, address: undefined, podUid: undefined } },
    ],
  ])('%s', (_what, facts) => {
    const verdict = decide(facts);
    expect(verdict.type).toBe('act');
    expect('death' in verdict && verdict.death.run.id).toBe('containerd://one');
  });

  test('a run that renewed after the one before it had been lost', () => {
    const lost = { ...run, id: 'zero', reason: 'ContainerStatusUnknown', startedIn: 900, endedIn: 995 };
    expect(decide(withPod({ ended: [run, { ...lost, nextStartedIn: 1000 }] })).type).toBe('act');
    const renewedBefore = { ...withPod({ ended: [run, { ...lost, nextStartedIn: 1000 }] }) };
    expect(guardOf(decide({ ...renewedBefore, lock: { ...lock, renewedIn: 990, acquiredIn: 990 } }))).toBe(
      'unknownEnd',
    );
  });
});

describe('who could take over', () => {
  test.each<[string, Facts]>([
    ['nobody answers', { ...dead, candidates: [] }],
    ['only the dead one answers', withCandidate({ name: 'acid-demo-0' })],
    ['it does not run', withCandidate({ state: 'starting' })],
    ['it is a primary itself', withCandidate({ role: 'primary' })],
    ['it must not become leader', withCandidate({ neverLeader: true })],
    ['it would refuse', withCandidate({ failsafe: true })],
    ['it is paused', withCandidate({ paused: true })],
    ['it is too far behind', withCandidate({ location: 3999 })],
    ['its position is not known', withCandidate({ location: undefined })],
    ['it is not synchronous', withCandidate({ name: 'acid-demo-2' })],
    ['nobody is synchronous', withRules({ synchronous: { standbys: [], votes: 1 } })],
    ['too few vote', withRules({ synchronous: { standbys: ['acid-demo-1', 'acid-demo-2'], votes: 2 } })],
  ])('%s', (_what, facts) => {
    const verdict = decide(facts);
    expect(verdict).toMatchObject({ type: 'wait', guard: 'noCandidate', ms: 1000 });
  });

  test('nobody is asked any more when the lock has run out by itself', () => {
    const verdict = decide({ ...dead, candidates: [], knownForMs: 31_000 });
    expect(verdict).toMatchObject({ type: 'leave', guard: 'noCandidate' });
  });

  test('one at the limit of the lag, or behind a position that nobody knows', () => {
    expect(decide(withCandidate({ location: 4000 })).type).toBe('act');
    expect(
      decide({ ...withCandidate({ location: undefined }), lock: { ...lock, location: undefined } }).type,
    ).toBe('act');
  });

  test('a paused cluster is left alone', () => {
    const verdict = decide(withRules({ paused: true }));
    expect(verdict).toMatchObject({ type: 'leave', guard: 'paused' });
  });
});

describe('an asynchronous primary', () => {
  test('may come back first', () => {
    expect(decide({ ...asynchronous, knownForMs: 1200 })).toMatchObject({
      type: 'wait',
      guard: 'restarting',
      ms: 3800,
    });
  });

  test('is given up when that takes too long', () => {
    expect(decide({ ...asynchronous, knownForMs: 5000 }).type).toBe('act');
    expect(decide({ ...asynchronous, restartMs: 0 }).type).toBe('act');
  });

  test('is given up at once when nobody restarts it', () => {
    const facts = { ...asynchronous, pod: { ...pod, notRestarted: 'CrashLoopBackOff' } };
    expect(decide(facts).type).toBe('act');
  });
});
