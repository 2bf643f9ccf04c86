import type { Candidate, Facts } from '../../failover/decide.ts';
import type { LeaderLock } from '../../failover/leader-lock.ts';
import type { EndedRun, LeaderPod } from '../../failover/leader-pod.ts';
import { rulesOf } from '../../failover/rules.ts';
import { bit, names, nobody, notEnded, type Cluster, type Operator, type Pod } from './cluster.ts';

/** Seconds since 1970 of a time in the model's half seconds. */
const secondOf = (time: number) => 1000 + Math.floor(time / 2);

const addressOf = (name: number, uid: number) => `address of ${names[name]} ${uid}`;
const uidOf = (name: number, uid: number) => `uid of ${names[name]} ${uid}`;

/** What one operator of the model has read, in the words of the real decision, which is asked with it. */
export function factsOf(
  cluster: Cluster,
  { leader, renewed, acquired, uid, pod }: Operator,
  anyContainer: boolean,
): Facts {
  const isEndpoints = cluster.store === 'endpoints';
  const lock: LeaderLock = {
    leader: names[leader]!,
    resourceVersion: '1',
    renewedIn: secondOf(renewed),
    acquiredIn: secondOf(acquired),
    ttl: 30,
    location: undefined,
    address: isEndpoints ? addressOf(leader, uid) : undefined,
    podUid: isEndpoints ? uidOf(leader, uid) : undefined,
  };
  const { mode, sync, paused, processes } = cluster;
  const standbys = names.filter((_, name) => (sync.standbys & bit(name)) !== 0);
  const config = {
    pause: paused,
    synchronous_mode: mode === 'async' ? false : mode === 'sync' ? true : mode,
  };
  const published = {
    leader: names[sync.leader] ?? '',
    sync_standby: standbys.join(','),
    quorum: String(Math.max(0, standbys.length - 1)),
  };
  return {
    lock: leader === nobody ? undefined : lock,
    pod: pod.uid === 0 ? undefined : podOf(leader, pod, cluster, anyContainer),
    rules: rulesOf({ config: JSON.stringify(config) }, published, names[leader]),
    candidates: processes
      .filter(
        ({ alive, orphan, name, postgres }) => alive && !orphan && name !== leader && postgres === 'standby',
      )
      .map(({ name }): Candidate => ({ ...replica, name: names[name]! })),
    knownForMs: 60_000,
    restartMs: 0,
  };
}

const replica = {
  state: 'running',
  role: 'replica',
  neverLeader: false,
  failsafe: false,
  paused: false,
  location: 1,
};

const sidecar: EndedRun = {
  id: 'sidecar',
  reason: 'Error',
  exitCode: 1,
  startedIn: 0,
  endedIn: 0,
  nextStartedIn: undefined,
};

function podOf(
  name: number,
  { uid, created, postgres, sidecarEnded, address }: Pod,
  cluster: Cluster,
  anyContainer: boolean,
): LeaderPod {
  const [current] = postgres.runs;
  const ended = postgres.runs.flatMap((run, place): EndedRun[] => {
    if (run.ended === notEnded) return [];
    const next = postgres.runs[place - 1];
    return [
      {
        id: `container ${run.container}`,
        reason: place === 0 && postgres.kind === 'unknown' ? 'ContainerStatusUnknown' : 'Error',
        exitCode: 137,
        startedIn: secondOf(run.started),
        endedIn: secondOf(run.ended),
        nextStartedIn: next === undefined ? undefined : secondOf(next.started),
      },
    ];
  });
  const isMistaken = anyContainer && sidecarEnded;
  if (isMistaken) ended.unshift({ ...sidecar, endedIn: secondOf(cluster.now) });
  return {
    uid: uidOf(name, uid),
    resourceVersion: '1',
    createdIn: secondOf(created),
    address: addressOf(name, uid),
    announcedAddress: address === 0 ? undefined : addressOf(name, address),
    sharesProcesses: cluster.processes.some((process) => process.name === name && process.orphan),
    ended,
    runningSince: !isMistaken && current?.ended === notEnded ? secondOf(current.started) : undefined,
    notRestarted: undefined,
  };
}
