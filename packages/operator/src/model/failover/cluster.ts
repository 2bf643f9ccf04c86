/** Members, which are also names of pods and of leaders. */
export const names = ['A', 'B', 'C'] as const;
/** Index into `names`. */
export type Name = number;
export const nobody = -1;

/** How Patroni is told to wait for standbys before a commit is acknowledged. */
export type Mode = 'async' | 'sync' | 'quorum';

/** Where Patroni keeps the lock. Only Endpoints carry the pod's uid and address with it. */
export type Store = 'endpoints' | 'configmaps';

/** How the lock came free before its present owner took it. */
export const via = { nothing: 0, expiry: 1, cleared: 2 } as const;

/**
 * One pod's container with the Patroni and the PostgreSQL in it. Its volume (`wal`) outlives the container. A process
 * that is paused, or cut off from anything, is one whose next step comes late or never; this needs no state.
 */
export interface Process {
  name: Name;
  /** Of the pod; 2 is one that was made again under the same name. */
  uid: number;
  /** How many containers this pod has had; 0: none yet. */
  container: number;
  alive: boolean;
  /** Its runs that a kubelet would tell of: the newest and the one before, by the node's clock. */
  runs: readonly Run[];
  /** The container's first process is gone, and with it Patroni, while PostgreSQL goes on. */
  orphan: boolean;
  postgres: 'down' | 'standby' | 'starting' | 'primary';
  /** Its PostgreSQL died as a primary in this container. */
  crashed: boolean;
  /**
   * It saw the lock free, asked the other members, and writes itself into the leader record if that is still the version
   * it saw: any write to the record takes this away, as the compare-and-set would fail.
   */
  won: boolean;
  /** How the lock was free when it was seen free. */
  wonVia: number;
  /** Its write to the leader record succeeded, and it is about to start PostgreSQL as primary or to promote. */
  holds: boolean;
  /** Index of the process that it streams from; -1: none. */
  follows: number;
  /** Writes in its WAL, a bit each. */
  wal: number;
  /** As a primary: writes that a standby of `synchronous_standby_names` has confirmed. */
  confirmed: number;
  /** As a primary: names in `synchronous_standby_names`, a bit each; one of them must confirm. */
  standbys: number;
  /** It is a primary, and another one was promoted since: how that one's lock had come free; 0: it is not. */
  stale: number;
}

/** One run of a container as the API server shows it; times are cut to whole seconds, as Kubernetes writes them. */
export interface Run {
  container: number;
  started: number;
  /** -1000: it runs. */
  ended: number;
}

/** What the API server says about the database container of a pod, as the kubelet told it last. */
export interface Published {
  kind: 'nothing' | 'running' | 'terminated' | 'unknown';
  /** The container's newest run, and the one before. */
  runs: readonly Run[];
}

/** A pod as the API server has it. */
export interface Pod {
  /** 0: there is no such object. */
  uid: number;
  created: number;
  postgres: Published;
  /** A sidecar of this pod has ended. */
  sidecarEnded: boolean;
  /** Uid of the pod whose address Patroni wrote into its annotation `status`; 0: it is not there. */
  address: number;
}

/** The object with the leader's lock. */
export interface LeaderRecord {
  leader: Name;
  /** Clock of the last renewal: `renewTime`. */
  renewed: number;
  /** Clock when this leader's term began: `acquireTime`. */
  acquired: number;
  /** Uid of the pod that the lock's address is of (`targetRef`). */
  uid: number;
  /** How the lock came free last. */
  via: number;
}

/** One operator between two reads or writes. All of it is gone when the operator restarts. */
export interface Operator {
  phase: 'idle' | 'record' | 'pod' | 'proven' | 'stripped';
  /** The leader record as it was read, and still is where the version is compared. */
  leader: Name;
  renewed: number;
  acquired: number;
  uid: number;
  /** The pod as it was read; kept only where it is read first. */
  pod: Pod;
}

export interface Cluster {
  mode: Mode;
  store: Store;
  /** Time in half seconds, of the nodes' clocks. */
  now: number;
  record: LeaderRecord;
  /** Patroni's `sync` object: who may take over without a human. */
  sync: { leader: Name; standbys: number };
  paused: boolean;
  /** Whether the kubelet tells the API server at once. */
  prompt: boolean;
  /** Whether only harm counts that follows from a lock that an operator cleared: what Patroni alone does too does not. */
  tolerant: boolean;
  /** Whether a new primary in quorum mode is held up before it writes itself into the sync object. */
  lateSync: boolean;
  /** Whether operators compare the version of the record before they write it. */
  comparing: boolean;
  processes: Process[];
  pods: Pod[];
  operators: Operator[];
  /** Writes that were made, and those that clients got an answer for; a bit each. */
  written: number;
  acknowledged: number;
  /** How much of each fault is left. */
  left: Budget;
  /** What a step did that must not be. */
  harm: string;
}

/** How often something may happen in one run. */
export interface Budget {
  writes: number;
  /** Half seconds that may pass. */
  ticks: number;
  kills: number;
  /** A container ends while PostgreSQL in it goes on, as its pod shares its processes. */
  orphans: number;
  /** PostgreSQL dies in a container that lives. */
  crashes: number;
  /** A pod is deleted without waiting for its containers, and made again under its name. */
  recreations: number;
  /** Kubernetes loses track of a container and writes that it ended. */
  lost: number;
  sidecars: number;
  /** The clock goes back by two seconds. */
  jumps: number;
  /** The same, only while the container of the lock's owner does not run, as when its node is started again. */
  jumpsAtRest: number;
  pauses: number;
  /** A Patroni that runs as primary is held up until its lease is over, while its PostgreSQL goes on. */
  stalls: number;
  /** Patroni gives up being primary because it cannot reach the API server. */
  demotions: number;
  /** PostgreSQL of the lock's owner takes longer to start than Patroni waits. */
  slowStarts: number;
  /** Steps that an operator forgets what it has read at, by a restart. */
  forgets: number;
}

export const noFaults: Budget = {
  writes: 1,
  ticks: 0,
  kills: 0,
  orphans: 0,
  crashes: 0,
  recreations: 0,
  lost: 0,
  sidecars: 0,
  jumps: 0,
  jumpsAtRest: 0,
  pauses: 0,
  stalls: 0,
  demotions: 0,
  slowStarts: 0,
  forgets: 0,
};

export const bit = (index: number): number => 1 << index;
/** End of a run that goes on. */
export const notEnded = -1000;
export const nothingPublished: Published = { kind: 'nothing', runs: [] };
export const noPod: Pod = { uid: 0, created: 0, postgres: nothingPublished, sidecarEnded: false, address: 0 };
const idle: Operator = {
  phase: 'idle',
  leader: nobody,
  renewed: 0,
  acquired: 0,
  uid: 0,
  pod: noPod,
};
export const idleOperator = (): Operator => ({ ...idle });

/** What a run begins with. */
export interface Start {
  mode: Mode;
  store: Store;
  members: 2 | 3;
  operators: number;
  /** Half seconds since the last renewal. */
  now: number;
  prompt: boolean;
  tolerant: boolean;
  lateSync: boolean;
  left: Budget;
}

/** When the first pods were made; half seconds. */
const begin = -6;

/** A cluster that works: A is primary, B and C stream from it. */
export function startOf({
  mode,
  store,
  members,
  operators,
  now,
  prompt,
  tolerant,
  lateSync,
  left,
}: Start): Cluster {
  const standbys = mode === 'async' ? 0 : mode === 'sync' ? bit(1) : bit(members) - 2;
  const process = (name: Name): Process => ({
    name,
    uid: 1,
    container: 1,
    alive: true,
    runs: [{ container: 1, started: begin, ended: notEnded }],
    orphan: false,
    postgres: name === 0 ? 'primary' : 'standby',
    crashed: false,
    won: false,
    wonVia: via.nothing,
    holds: false,
    follows: name === 0 ? -1 : 0,
    wal: 0,
    confirmed: 0,
    standbys: name === 0 ? standbys : 0,
    stale: via.nothing,
  });
  const again: Process = {
    ...process(0),
    uid: 2,
    container: 0,
    alive: false,
    runs: [],
    postgres: 'down',
    standbys: 0,
  };
  return {
    mode,
    store,
    now,
    record: { leader: 0, renewed: 0, acquired: begin + 2, uid: 1, via: via.nothing },
    sync: { leader: mode === 'async' ? nobody : 0, standbys },
    paused: false,
    prompt,
    tolerant,
    lateSync,
    comparing: true,
    processes: [...names.slice(0, members).map((_, name) => process(name)), again],
    pods: names.slice(0, members).map(() => ({
      uid: 1,
      created: begin,
      postgres: { kind: 'running', runs: [{ container: 1, started: begin, ended: notEnded }] },
      sidecarEnded: false,
      address: 1,
    })),
    operators: Array.from({ length: operators }, idleOperator),
    written: 0,
    acknowledged: 0,
    left,
    harm: '',
  };
}

/** A copy whose parts may be changed. What is published is replaced as a whole, never changed. */
export function copyOf(cluster: Cluster): Cluster {
  return {
    ...cluster,
    record: { ...cluster.record },
    sync: { ...cluster.sync },
    processes: cluster.processes.map((process) => ({ ...process })),
    pods: cluster.pods.map((pod) => ({ ...pod })),
    operators: cluster.operators.map((operator) => ({ ...operator })),
    left: { ...cluster.left },
  };
}

const kinds = { nothing: 0, running: 1, terminated: 2, unknown: 3 } as const;
const states = { down: 0, standby: 1, starting: 2, primary: 3 } as const;
const phases = { idle: 0, record: 1, pod: 2, proven: 3, stripped: 4 } as const;

/** All of a state in a short string, as memory is what ends a search; operators are alike, so their order does not count. */
export function keyOf(cluster: Cluster): string {
  const { record, sync, left } = cluster;
  const parts: number[] = [
    cluster.now + 64,
    record.leader + 1 + 4 * record.uid + 16 * record.via + 64 * Number(cluster.paused),
    record.renewed + 64,
    record.acquired + 64,
    sync.leader + 1 + 8 * sync.standbys,
    cluster.written + 16 * cluster.acknowledged,
    cluster.harm.length,
  ];
  for (const process of cluster.processes) {
    const { alive, won, holds, orphan, crashed, stale } = process;
    const flags = [alive, won, holds, orphan, crashed].map(Number);
    parts.push(
      flags.reduce((all, flag) => 2 * all + flag, stale),
      states[process.postgres] + 4 * process.wonVia + 16 * (process.follows + 1),
      process.wal + 16 * process.confirmed,
      process.standbys + 16 * process.container,
    );
    pushRuns(parts, process.runs);
  }
  for (const pod of cluster.pods) pushPod(parts, pod);
  const budgets = Object.values(left);
  for (let at = 0; at < budgets.length; at += 2) parts.push(budgets[at]! + 16 * (budgets[at + 1] ?? 0));
  return encode(parts) + cluster.operators.map(keyOfOperator).toSorted().join('');
}

function keyOfOperator({ phase, leader, renewed, acquired, uid, pod }: Operator): string {
  const parts = [phases[phase] + 8 * (leader + 1) + 64 * uid, renewed + 64, acquired + 64];
  pushPod(parts, pod);
  return encode(parts);
}

function pushPod(parts: number[], { uid, created, postgres, sidecarEnded, address }: Pod): void {
  parts.push(uid + 4 * kinds[postgres.kind] + 16 * Number(sidecarEnded) + 32 * address, created + 64);
  pushRuns(parts, postgres.runs);
}

function pushRuns(parts: number[], runs: readonly Run[]): void {
  parts.push(runs.length);
  for (const { started, ended } of runs) parts.push(started + 64, Math.max(ended, -60) + 64);
}

/** Bytes, a character each. */
const encode = (bytes: readonly number[]) => Buffer.from(bytes).toString('latin1');
