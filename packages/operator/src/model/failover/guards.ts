import { decide, type Facts } from '../../failover/decide.ts';
import type { EndedRun } from '../../failover/leader-pod.ts';
import { noFaults, type Budget, type Start } from './cluster.ts';
import type { Behaviour } from './operator.ts';

/** What the operator of the model does: it asks the real decision. */
export const asBuilt: Behaviour = {
  proves: (facts) => decide(facts).type === 'act',
  recordFirst: true,
  comparing: true,
  anyContainer: false,
};

/** One guard, and what shows that it is needed. */
export interface Guard {
  /** What is looked at, in a few words. */
  name: string;
  /** The operator without this guard and with all others. */
  without: Behaviour;
  /** Where its absence does harm, and with which faults. */
  where: Partial<Omit<Start, 'left'>>;
  faults: Partial<Budget>;
}

/**
 * An operator that is blind to one thing: the real decision is asked with evidence in which that thing is always as it
 * should be. So the code that decides is the same with and without a guard.
 */
function blind(forge: (facts: Facts) => Facts): Behaviour {
  return { ...asBuilt, proves: (facts) => decide(forge(facts)).type === 'act' };
}

type Pod = NonNullable<Facts['pod']>;
const withPod = (facts: Facts, change: (pod: Pod) => Partial<Pod>): Facts =>
  facts.pod === undefined ? facts : { ...facts, pod: { ...facts.pod, ...change(facts.pod) } };
const withRuns = (facts: Facts, change: (run: EndedRun) => Partial<EndedRun>): Facts =>
  withPod(facts, ({ ended }) => ({ ended: ended.map((run) => ({ ...run, ...change(run) })) }));

const died: EndedRun = {
  id: 'assumed',
  reason: 'Error',
  exitCode: 137,
  startedIn: 0,
  endedIn: 1_000_000,
  nextStartedIn: undefined,
};

/** A pod as somebody would imagine it who takes its absence for its death. */
const imagined = ({ lock }: Facts): Pod => ({
  uid: lock?.podUid ?? '',
  resourceVersion: '1',
  createdIn: 0,
  address: lock?.address ?? 'x',
  announcedAddress: lock?.address ?? 'x',
  sharesProcesses: false,
  ended: [died],
  runningSince: undefined,
  notRestarted: undefined,
});

/** Every guard by itself. */
export const guards: Guard[] = [
  {
    name: 'the container has ended: not that it does not answer',
    without: blind((facts) => withPod(facts, () => ({ ended: [died], runningSince: undefined }))),
    where: { members: 2 },
    faults: {},
  },
  {
    name: 'there is a pod: its absence is no proof',
    without: blind((facts) => ({ ...facts, pod: facts.pod ?? imagined(facts) })),
    where: { members: 2 },
    faults: { recreations: 1 },
  },
  {
    name: 'it is the container of PostgreSQL: not any of the pod',
    without: { ...asBuilt, anyContainer: true },
    where: { members: 2 },
    faults: { sidecars: 1 },
  },
  {
    name: 'it is the pod that took the lock: uid, address, made before the term began',
    without: blind((facts) => ({
      ...withPod(facts, (pod) => ({ createdIn: 0, announcedAddress: pod.address })),
      ...(facts.lock === undefined || facts.pod === undefined
        ? {}
        : {
            lock: {
              ...facts.lock,
              podUid: facts.pod.uid,
              address: facts.pod.address,
              renewedIn: facts.lock.renewedIn,
            },
          }),
    })),
    where: { members: 2 },
    faults: { ticks: 4, recreations: 1 },
  },
  {
    name: 'the pod does not share its processes',
    without: blind((facts) => withPod(facts, () => ({ sharesProcesses: false }))),
    where: { members: 2 },
    faults: { orphans: 1 },
  },
  {
    name: 'it is known how the container ended: not ContainerStatusUnknown',
    without: blind((facts) =>
      withRuns(facts, ({ reason }) => ({ reason: reason === '' ? reason : 'Error' })),
    ),
    where: { members: 2 },
    faults: { lost: 1 },
  },
  {
    name: 'it ended after the last renewal',
    without: blind((facts) => {
      const { lock, pod } = facts;
      if (lock === undefined || pod?.ended[0]?.endedIn === undefined) return facts;
      const renewedIn = pod.ended[0].endedIn - 1;
      return { ...withRuns(facts, () => ({ startedIn: 0 })), lock: { ...lock, renewedIn } };
    }),
    where: { members: 2 },
    faults: { kills: 1 },
  },
  {
    name: 'it ended in a later second than the last renewal, not in the same one',
    without: blind((facts) =>
      withRuns(facts, ({ endedIn, startedIn = 0 }) => ({
        endedIn: (endedIn ?? 0) + 1,
        startedIn: startedIn - 1,
      })),
    ),
    where: { members: 2 },
    faults: { kills: 1 },
  },
  {
    name: 'the lock has still the version that was read (compare-and-set)',
    without: { ...asBuilt, comparing: false },
    where: { members: 2 },
    faults: { kills: 1 },
  },
  {
    name: 'the lock is read before the pod',
    without: { ...asBuilt, recordFirst: false },
    where: { members: 2, prompt: true },
    faults: { kills: 1, jumpsAtRest: 1 },
  },
  {
    name: 'Patroni is not paused',
    without: blind((facts) => ({ ...facts, rules: { ...facts.rules, paused: false } })),
    where: { members: 2 },
    faults: { kills: 1, pauses: 1 },
  },
  {
    name: 'a replica answers that may take over',
    without: blind((facts) => ({
      ...facts,
      rules: { ...facts.rules, synchronous: undefined },
    })),
    where: { mode: 'sync' },
    faults: { kills: 1 },
  },
];

/** Where a search begins: by default one operator, Endpoints, asynchronous, the last renewal a second ago. */
export function startWith(where: Guard['where'], faults: Guard['faults']): Start {
  return {
    mode: 'async',
    store: 'endpoints',
    members: 3,
    operators: 1,
    now: 2,
    prompt: false,
    tolerant: false,
    lateSync: false,
    ...where,
    left: { ...noFaults, ...faults },
  };
}
