import type { LeaderLock } from './leader-lock.ts';
import type { EndedRun, LeaderPod } from './leader-pod.ts';

/** What another member says of itself when it is asked. */
export interface Candidate {
  name: string;
  /** Patroni's word for PostgreSQL's state, e.g. `running`. */
  state: string;
  role: string;
  /** Tagged `nofailover`, or with a `failover_priority` of 0 and less. */
  neverLeader: boolean;
  /** It is told by the primary itself that this lives, without the API server: it would refuse to race. */
  failsafe: boolean;
  paused: boolean;
  /** Position in the write-ahead log up to which it has received or replayed, in bytes. */
  location: number | undefined;
}

/** How Patroni is set, and whom it would accept. */
export interface Rules {
  paused: boolean;
  /** Members that may take over in synchronous mode, and how many of them must vote; undefined: asynchronous. */
  synchronous: { standbys: readonly string[]; votes: number } | undefined;
  /** Bytes that a member may be behind. */
  maximumLag: number;
}

/**
 * All that the decision is made from. What makes it safe is only `lock` and `pod`, in the order in which they were
 * read: **the lock first**, the pod of its holder afterwards, both from the API server and not from a cache.
 */
export interface Facts {
  /** Undefined: nobody holds it. */
  lock: LeaderLock | undefined;
  /** The pod of the name that the lock has; undefined: there is none. */
  pod: LeaderPod | undefined;
  rules: Rules;
  /** Members that answered; undefined: none was asked yet. */
  candidates: readonly Candidate[] | undefined;
  /** Milliseconds since this process has known of the death; 0 at first. */
  knownForMs: number;
  /** Milliseconds that a container may take to come back before an asynchronous replica takes over. */
  restartMs: number;
}

/**
 * Why the lock is left as it is.
 *
 * Nothing has died, as far as can be told:
 * - `unlocked`: nobody holds the lock.
 * - `alive`: no run of the container has ended after the holder's last renewal.
 *
 * It may have died, but nothing proves it:
 * - `noPod`: there is no pod of that name. Force deletion and garbage collection remove it while its container may run.
 * - `earlierPod`: the term began before this pod was made, or the lock has another pod's uid or address.
 * - `sharedProcesses`: PostgreSQL may live on without the container's first process.
 * - `unknownEnd`: the kubelet says that the container is gone, and not how it ended.
 * - `renewedSince`: the lock was renewed when the run had ended, or in the same second: by a run that lives.
 *
 * It has died, and nobody could take over:
 * - `paused`: replicas of a paused cluster never race.
 * - `noCandidate`: no member answers that Patroni would accept.
 *
 * It has died, and there is something better to do:
 * - `restarting`: it is asynchronous, and loses nothing when it comes back soon.
 */
export type Guard =
  | 'unlocked'
  | 'alive'
  | 'noPod'
  | 'earlierPod'
  | 'sharedProcesses'
  | 'unknownEnd'
  | 'renewedSince'
  | 'paused'
  | 'noCandidate'
  | 'restarting';

/** Proof that the holder of the lock is dead; it is void when the lock has another version than this. */
export interface Death {
  run: EndedRun;
  lock: LeaderLock;
  pod: LeaderPod;
}

export type Verdict =
  /** Take the lock away from the dead, if it has still this version. */
  | { type: 'act'; death: Death }
  /** It is dead: ask the members, and decide again. */
  | { type: 'ask'; death: Death }
  /** It is dead, but not now; look again after so many milliseconds. */
  | { type: 'wait'; guard: Guard; why: string; ms: number; death: Death }
  /** Nothing to do until something changes. */
  | { type: 'leave'; guard: Guard; why: string; death?: Death };

/** How often members are asked again while none of them could take over. */
const askAgainMs = 1_000;

/** What is to be done about a leader that may be dead. Pure; every guard is in here, and nothing else decides. */
export function decide(facts: Facts): Verdict {
  const { rules, pod, candidates, knownForMs, restartMs } = facts;
  const proof = proveDeath(facts.lock, pod);
  if ('guard' in proof) return { type: 'leave', ...proof };
  if (rules.paused) return { type: 'leave', guard: 'paused', why: 'the cluster is paused' };
  const { death } = proof;
  const left = restartMs - knownForMs;
  if (rules.synchronous === undefined && death.pod.notRestarted === undefined && left > 0) {
    const why = `it is asynchronous, and its container may be back within ${Math.ceil(left / 1000)} s`;
    return { type: 'wait', guard: 'restarting', why, ms: left, death };
  }
  if (candidates === undefined) return { type: 'ask', death };
  const complaint = missingCandidate(rules, death.lock, candidates);
  // After so long the lock has run out by itself, and there is nothing to be gained.
  if (complaint !== undefined && knownForMs > death.lock.ttl * 1000)
    return { type: 'leave', guard: 'noCandidate', why: complaint, death };
  if (complaint !== undefined)
    return { type: 'wait', guard: 'noCandidate', why: complaint, ms: askAgainMs, death };
  return { type: 'act', death };
}

/**
 * Whether whoever wrote this version of the lock is dead for sure. Compared are times of one clock, the node's. A
 * kubelet cuts its times off to whole seconds: only what is in different seconds has an order.
 */
export function proveDeath(
  lock: LeaderLock | undefined,
  pod: LeaderPod | undefined,
): { death: Death } | { guard: Guard; why: string } {
  if (lock === undefined) return { guard: 'unlocked', why: 'nobody holds the leader lock' };
  const { leader, renewedIn } = lock;
  if (pod === undefined)
    return { guard: 'noPod', why: `there is no pod ${leader}, and its container may run nevertheless` };
  const alive = `the container of ${leader} has renewed the lock and not ended since`;
  if (renewedIn > (pod.runningSince ?? Infinity)) return { guard: 'alive', why: alive };
  if (!isHolder(lock, pod))
    return { guard: 'earlierPod', why: `the lock was taken by an earlier pod of the name ${leader}` };
  if (pod.ended.length === 0) return { guard: 'alive', why: alive };
  if (pod.sharesProcesses) return { guard: 'sharedProcesses', why: `${leader} shares its process namespace` };
  // The run that wrote it: the last one that had begun before.
  const run = pod.ended.find(({ startedIn }) => startedIn !== undefined && startedIn < renewedIn);
  if (run === undefined || run.id === '' || unknownEnds.has(run.reason) || run.endedIn === undefined)
    return { guard: 'unknownEnd', why: `nobody knows how the container of ${leader} ended` };
  // The start of the next run counts where it is known, even if a clock that was set back makes it the earlier one.
  if (renewedIn >= (run.nextStartedIn ?? run.endedIn))
    return {
      guard: 'renewedSince',
      why: `the lock was renewed in the second in which the container of ${leader} ended, or later`,
    };
  return { death: { run, lock, pod } };
}

/** Of containers that were lost rather than ended. Sources: the kubelet's word, and containerd's. */
const unknownEnds = new Set(['ContainerStatusUnknown', 'Unknown', '']);

/** Whether the lock was taken and renewed by this very pod and not by another one of its name. */
function isHolder(lock: LeaderLock, pod: LeaderPod): boolean {
  if (lock.acquiredIn < pod.createdIn) return false;
  if (lock.podUid !== undefined && lock.podUid !== pod.uid) return false;
  const address = lock.address ?? pod.announcedAddress;
  return address !== undefined && address === pod.address;
}

/** Why nobody could take over; undefined: somebody could. Patroni decides who does, by its own rules. */
function missingCandidate(
  { synchronous, maximumLag }: Rules,
  { leader, location: end }: LeaderLock,
  candidates: readonly Candidate[],
): string | undefined {
  const others = candidates.filter(({ name }) => name !== leader);
  if (others.length === 0) return 'no replica answers';
  const ready = others.filter(
    ({ state, role, neverLeader, failsafe, paused }) =>
      state === 'running' && role === 'replica' && !neverLeader && !failsafe && !paused,
  );
  if (ready.length === 0) return 'no replica answers that may become leader';
  const near = ready.filter(
    ({ location }) => end === undefined || (location !== undefined && end - location <= maximumLag),
  );
  if (near.length === 0) return `every replica is more than ${maximumLag} bytes behind`;
  if (synchronous === undefined) return undefined;
  const { standbys, votes } = synchronous;
  if (standbys.length === 0) return 'no replica is synchronous';
  const voters = near.filter(({ name }) => standbys.includes(name));
  return voters.length < votes
    ? `${votes} of the synchronous replicas (${standbys.join(', ')}) must answer, and ${voters.length} can`
    : undefined;
}
