import { bit, copyOf, idleOperator, names, nobody, via, type Cluster, type Process } from './cluster.ts';

type Next = (what: string, cluster: Cluster) => void;

/**
 * What Patroni 4.0.7 and the PostgreSQL under it do, each step on its own, so that anything can come in between. Sources:
 * `ha.py` (`_run_cycle`, `recover`, `process_unhealthy_cluster`, `_is_healthiest_node`, `enforce_primary_role`) and
 * `dcs/kubernetes.py` (`_cluster_from_nodes`, `update_leader`, `attempt_to_acquire_leader`).
 */
export function patroniSteps(cluster: Cluster, next: Next): void {
  cluster.processes.forEach((process, index) => {
    if (!process.alive) return;
    write(cluster, index, next);
    if (process.orphan) return;
    loop(cluster, index, next);
    acquire(cluster, index, next);
    promote(cluster, index, next);
    replicate(cluster, index, next);
    changeStandbys(cluster, index, next);
  });
}

/** The record has another version now: who saw the one before, and would compare with it, begins again. */
export function touchRecord(cluster: Cluster, comparing = true): void {
  for (const process of cluster.processes) process.won = false;
  if (!comparing) return;
  cluster.operators = cluster.operators.map((operator) =>
    operator.phase === 'pod' ? operator : idleOperator(),
  );
}

export const title = ({ name, uid, container }: Process): string =>
  `${names[name]}${uid === 1 ? '' : ` (pod made again)`}${container > 1 ? ` (container ${container})` : ''}`;

const isPrimary = ({ alive, postgres }: Process) =>
  alive && (postgres === 'primary' || postgres === 'starting');

/** The processes that take themselves for the owner of a lock in this name. */
const ownersOf = (cluster: Cluster, name: number) =>
  cluster.processes.filter((process) => process.name === name);

/**
 * One turn of Patroni's loop, up to what it writes. A lease counts as run out when it was not renewed for `ttl`. A primary
 * that cannot renew gives up before that (`ttl` is longer than `loop_wait` and twice `retry_timeout`), so a lease of a
 * primary that goes on runs out only when its Patroni is held up: `stalls`.
 */
function loop(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  const { record, left } = cluster;
  // A second Patroni of a name does not start beside the first: its volume is in use.
  if (ownersOf(cluster, process.name).some(({ alive, uid }) => alive && uid < process.uid)) return;
  if (isPrimary(process) && left.demotions > 0) {
    const after = copyOf(cluster);
    demote(after, index);
    after.left.demotions -= 1;
    next(`${title(process)} gives up being primary: it cannot reach the API server`, after);
  }
  if (record.leader === process.name) {
    giveUpStarting(cluster, index, next);
    return renew(cluster, index, next);
  }
  if (record.leader === nobody) return ask(cluster, index, record.via, next);
  if (isPrimary(process)) {
    const after = copyOf(cluster);
    demote(after, index);
    next(`${title(process)} sees the lock of ${names[record.leader]} and is no primary any more`, after);
    return;
  }
  const owner = cluster.processes.findIndex(({ name, alive }) => name === record.leader && alive);
  if (process.postgres === 'down' || (!process.holds && process.follows !== owner)) {
    const after = copyOf(cluster);
    start(after, index);
    after.processes[index]!.follows = owner;
    next(`${title(process)} sees the lock of ${names[record.leader]} and follows it`, after);
  }
  const lives = ownersOf(cluster, record.leader).some(
    (other) => isPrimary(other) || (other.alive && other.holds),
  );
  if (!lives) return ask(cluster, index, via.expiry, next);
  if (left.stalls > 0) {
    const stalled = { ...cluster, left: { ...left, stalls: left.stalls - 1 } };
    ask(stalled, index, via.expiry, (what, after) =>
      next(`${what}, as ${names[record.leader]}, whose Patroni is held up, has not renewed its lease`, after),
    );
  }
}

/** PostgreSQL runs as a standby, on the volume of the pod's name. */
function start(cluster: Cluster, index: number): void {
  const process = cluster.processes[index]!;
  if (process.postgres !== 'down') return;
  process.postgres = 'standby';
  process.crashed = false;
  if (process.uid > 1) process.wal |= cluster.processes[process.name]!.wal;
}

/** The owner writes the record again: compare-and-set, and once more after a look at the object (`update_leader`). */
function renew(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  const isPrimaryNow = process.postgres === 'primary';
  if (
    cluster.record.renewed === cluster.now &&
    cluster.record.uid === process.uid &&
    (isPrimaryNow || process.holds)
  )
    return;
  const after = copyOf(cluster);
  after.record.renewed = cluster.now;
  after.record.uid = process.uid;
  touchRecord(after, cluster.comparing);
  const renewing = after.processes[index]!;
  if (!isPrimaryNow) {
    // After a crash in a living container it starts as the primary that it was, otherwise as a standby first.
    if (process.crashed) renewing.postgres = 'starting';
    else start(after, index);
    renewing.holds = true;
  }
  next(`${title(process)} renews its lease${isPrimaryNow ? '' : ' and will be primary'}`, after);
}

/**
 * An owner whose PostgreSQL is not primary yet has waited for `primary_start_timeout`: it stops PostgreSQL, then gives its lock
 * away with a compare-and-set (`handle_long_action_in_progress`, `handle_starting_instance`). That PostgreSQL is down before
 * the lock is free makes this one step.
 */
function giveUpStarting(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  if (!process.holds || process.postgres === 'primary' || cluster.left.slowStarts === 0) return;
  const after = copyOf(cluster);
  demote(after, index);
  after.processes[index]!.postgres = 'down';
  after.record.leader = nobody;
  // Nothing that comes of it is excused.
  after.record.via = via.cleared;
  touchRecord(after, after.comparing);
  after.left.slowStarts -= 1;
  next(`${title(process)} takes too long to start, stops, and gives its lock away`, after);
}

export function demote(cluster: Cluster, index: number): void {
  const process = cluster.processes[index]!;
  process.postgres = 'standby';
  process.crashed = false;
  process.holds = false;
  process.standbys = 0;
  process.confirmed = 0;
  process.stale = via.nothing;
}

const length = (wal: number) => 32 - Math.clz32(wal);

/**
 * Before it takes a free lock, a standby asks the other members over REST. Any of them may fail to answer. A member
 * without the annotation with its address is not asked at all.
 */
function ask(cluster: Cluster, index: number, how: number, next: Next): void {
  const process = cluster.processes[index]!;
  const { sync, mode } = cluster;
  if (process.postgres === 'down') {
    const after = copyOf(cluster);
    start(after, index);
    return next(`${title(process)} starts PostgreSQL as a standby`, after);
  }
  if (process.won || cluster.paused) return;
  const win = (what: string) => {
    const after = copyOf(cluster);
    after.processes[index]!.won = true;
    after.processes[index]!.wonVia = how;
    next(what, after);
  };
  // A primary whose lock was taken away takes it again without asking, unless it knows of a newer timeline.
  if (isPrimary(process)) {
    if (process.stale === via.nothing) win(`${title(process)}, still primary, wants its lock back`);
    return;
  }
  const may = (name: number) => sync.leader === name || (sync.standbys & bit(name)) !== 0;
  if (mode === 'sync' && !may(process.name)) return;
  const others = cluster.processes.filter(
    ({ alive, name, uid, orphan }) =>
      alive && !orphan && name !== process.name && cluster.pods[name]!.address === uid,
  );
  const asked = mode === 'async' ? others : others.filter(({ name }) => mode === 'quorum' || may(name));
  for (let answers = 0; answers < bit(asked.length); answers += 1) {
    const heard = asked.filter((_, place) => (answers & bit(place)) !== 0);
    if (heard.some(isPrimary)) continue;
    const ahead = heard.filter(({ wal }) => length(wal) > length(process.wal));
    if (ahead.some(({ name }) => mode === 'async' || sync.leader !== name)) continue;
    if (mode === 'quorum') {
      const voters = heard.filter((other) => may(other.name) && length(other.wal) <= length(process.wal));
      const votes = voters.length + (may(process.name) ? 0 : -1);
      const needed = Math.max(0, count(sync.standbys) - 1);
      if (votes < needed && !(ahead.length === 0 && sync.leader === process.name)) continue;
    }
    win(`${title(process)} asks for the lock and hears ${heard.map(title).join(', ') || 'nobody'}`);
  }
}

const count = (set: number) => names.filter((_, name) => (set & bit(name)) !== 0).length;

/** Compare-and-set with the version of the record that was seen. */
function acquire(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  if (!process.won) return;
  const after = copyOf(cluster);
  const taking = after.processes[index]!;
  const acquired = cluster.record.leader === process.name ? cluster.record.acquired : cluster.now;
  after.record = {
    leader: process.name,
    renewed: cluster.now,
    acquired,
    uid: process.uid,
    via: process.wonVia,
  };
  touchRecord(after, cluster.comparing);
  taking.wonVia = via.nothing;
  taking.holds = process.postgres !== 'primary';
  next(`${title(process)} takes the lock`, after);
}

/** The new owner becomes primary; in synchronous mode it first makes itself the only one who may take over. */
function promote(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  if (!process.holds || process.postgres === 'primary' || process.postgres === 'down') return;
  const after = copyOf(cluster);
  const { mode, sync } = after;
  const promoting = after.processes[index]!;
  promoting.postgres = 'primary';
  promoting.holds = false;
  promoting.follows = -1;
  promoting.stale = via.nothing;
  if (process.postgres === 'standby') promoting.confirmed = 0;
  if (process.postgres === 'starting') promoting.crashed = false;
  else if (mode === 'sync') {
    after.sync = { leader: process.name, standbys: 0 };
    promoting.standbys = 0;
  } else if (mode === 'quorum') {
    promoting.standbys = (sync.standbys | bit(sync.leader)) & ~bit(process.name);
    if (!after.lateSync) after.sync = { leader: process.name, standbys: promoting.standbys };
  }
  for (const [other, { alive, postgres }] of after.processes.entries())
    if (other !== index && alive && postgres === 'primary')
      after.processes[other]!.stale ||= cluster.record.via;
  const lost = cluster.acknowledged & ~process.wal;
  if (mode !== 'async' && lost !== 0) {
    if (isTolerated(cluster, cluster.record.via)) after.acknowledged &= ~lost;
    else after.harm ||= 'an acknowledged write is lost';
  }
  next(`${title(process)} becomes primary`, after);
}

/** What comes of a lease that ran out would have come without any operator. */
const isTolerated = ({ tolerant }: Cluster, how: number) => tolerant && how !== via.cleared;

/** A standby gets all that the primary it follows has (after pg_rewind where both went apart). */
function replicate(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  const source = cluster.processes[process.follows];
  if (process.postgres !== 'standby' || process.holds || source === undefined) return;
  if (!source.alive || source.postgres !== 'primary') return;
  const isSynchronous = (source.standbys & bit(process.name)) !== 0;
  if (source.wal === process.wal && (!isSynchronous || (source.confirmed & source.wal) === source.wal))
    return;
  const after = copyOf(cluster);
  after.processes[index]!.wal = source.wal;
  if (isSynchronous) after.processes[process.follows]!.confirmed |= source.wal;
  next(`${title(process)} has all of ${title(source)}`, after);
}

/** A client's write reaches the WAL of a primary; later it is acknowledged, when the mode's standbys have it. */
function write(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  if (process.postgres !== 'primary') return;
  if (cluster.left.writes > 0) {
    const after = copyOf(cluster);
    const id = length(cluster.written);
    after.written |= bit(id);
    after.left.writes -= 1;
    after.processes[index]!.wal |= bit(id);
    next(`a client writes to ${title(process)}`, after);
  }
  for (let id = 0; bit(id) <= cluster.written; id += 1) {
    const write = bit(id);
    if ((process.wal & write) === 0 || (cluster.acknowledged & write) !== 0) continue;
    if (process.standbys !== 0 && (process.confirmed & write) === 0) continue;
    const after = copyOf(cluster);
    after.acknowledged |= write;
    const newer = cluster.processes.find(
      (other) =>
        other !== process && other.alive && other.postgres === 'primary' && other.stale === via.nothing,
    );
    const isStale = process.stale !== via.nothing && !isTolerated(cluster, process.stale);
    if (isStale && newer !== undefined && (newer.wal & write) === 0)
      after.harm ||= `two primaries acknowledge: ${title(process)} what ${title(newer)} does not have`;
    next(`${title(process)} acknowledges a write`, after);
  }
}

/**
 * A primary changes who must confirm: first PostgreSQL, then the `sync` object when there are more; the other way round
 * when there are fewer (`_process_multisync_replication`). Only one standby at a time, and only in mode `sync`.
 */
function changeStandbys(cluster: Cluster, index: number, next: Next): void {
  const process = cluster.processes[index]!;
  const { mode, sync } = cluster;
  if (mode !== 'sync' || process.postgres !== 'primary' || sync.leader !== process.name) return;
  if (sync.standbys === 0 && process.standbys === 0) {
    cluster.processes.forEach((standby) => {
      if (!standby.alive || standby.postgres !== 'standby' || cluster.processes[standby.follows] !== process)
        return;
      const after = copyOf(cluster);
      after.processes[index]!.standbys = bit(standby.name);
      next(`${title(process)} waits for ${names[standby.name]} from now on`, after);
    });
  }
  if (sync.standbys === 0 && process.standbys !== 0) {
    const caughtUp = cluster.processes.some(
      ({ alive, name, follows, wal }) =>
        alive &&
        (process.standbys & bit(name)) !== 0 &&
        cluster.processes[follows] === process &&
        wal === process.wal,
    );
    if (caughtUp) {
      const after = copyOf(cluster);
      after.sync.standbys = process.standbys;
      next(`${title(process)} writes its synchronous standby into the sync object`, after);
    }
    const after = copyOf(cluster);
    after.processes[index]!.standbys = 0;
    next(`${title(process)} waits for no standby any more`, after);
  }
  if (sync.standbys !== 0) {
    const after = copyOf(cluster);
    after.sync.standbys = 0;
    next(`${title(process)} takes its synchronous standby out of the sync object`, after);
  }
}
