import type { Facts } from '../../failover/decide.ts';
import { bit, copyOf, idleOperator, names, nobody, via, type Cluster } from './cluster.ts';
import { factsOf } from './facts.ts';
import { touchRecord } from './patroni.ts';

type Next = (what: string, cluster: Cluster) => void;

/** What the operator under test does; a guard that is taken away is one of these changed. */
export interface Behaviour {
  /** Whether this proves that the owner of the lock is dead, and that clearing it helps. */
  proves: (facts: Facts) => boolean;
  /** Reads the record before the pod. */
  recordFirst: boolean;
  /** Writes only if the record is still the version that was read. */
  comparing: boolean;
  /** Takes the end of a sidecar for that of the database container. */
  anyContainer: boolean;
}

/** One operator or two at once: each read and each write is a step of its own. */
export function operatorSteps(cluster: Cluster, behaviour: Behaviour, next: Next): void {
  cluster.operators.forEach((operator, index) => {
    const who = cluster.operators.length > 1 ? `operator ${index + 1}` : 'the operator';
    const change = (what: string, on: (after: Cluster) => void) => {
      const after = copyOf(cluster);
      on(after);
      next(`${who} ${what}`, after);
    };
    const { record } = cluster;
    const first = behaviour.recordFirst ? 'record' : 'pod';
    if (operator.phase !== 'idle' && cluster.left.forgets > 0)
      change('restarts', (after) => {
        after.operators[index] = idleOperator();
        after.left.forgets -= 1;
      });
    if (operator.phase === 'idle' && record.leader !== nobody) {
      if (first === 'record')
        change(`reads the leader record: ${names[record.leader]}`, (after) => readRecord(after, index));
      else change(`reads the pod ${names[record.leader]}`, (after) => readPod(after, index));
    }
    if (operator.phase === 'record' || operator.phase === 'pod') {
      const after = copyOf(cluster);
      if (first === 'record') readPod(after, index);
      else readRecord(after, index);
      decideFor(after, index, behaviour);
      const { phase } = after.operators[index]!;
      const read = first === 'record' ? 'pod' : 'leader record';
      next(
        `${who} reads the ${read} and ${phase === 'proven' ? 'takes it for proof' : 'finds no proof'}`,
        after,
      );
    }
    if (operator.phase === 'proven')
      change(`takes label and address from the pod ${names[operator.leader]}`, (after) => {
        after.pods[operator.leader]!.address = 0;
        after.operators[index]!.phase = 'stripped';
      });
    if (operator.phase === 'stripped')
      change(`clears the lock of ${names[operator.leader]}`, (after) => clear(after, index));
  });
}

function readRecord(cluster: Cluster, index: number): void {
  const { leader, renewed, acquired, uid } = cluster.record;
  const operator = cluster.operators[index]!;
  // The pod was read for another leader: nothing to conclude.
  const changed = operator.phase === 'pod' && operator.leader !== leader;
  Object.assign(operator, { phase: 'record', leader: changed ? nobody : leader, renewed, acquired, uid });
}

function readPod(cluster: Cluster, index: number): void {
  const operator = cluster.operators[index]!;
  if (operator.phase === 'idle') operator.leader = cluster.record.leader;
  operator.phase = 'pod';
  operator.pod = { ...cluster.pods[operator.leader]! };
}

function decideFor(cluster: Cluster, index: number, { proves, anyContainer }: Behaviour): void {
  const operator = cluster.operators[index]!;
  const { leader } = operator;
  const proven = leader !== nobody && proves(factsOf(cluster, operator, anyContainer));
  if (proven && cluster.paused) cluster.harm ||= 'the lock is taken from a cluster whose Patroni is paused';
  if (proven && !canTakeOver(cluster, leader))
    cluster.harm ||= 'the lock is taken although nobody can take it over';
  cluster.operators[index] = proven ? { ...idleOperator(), leader, phase: 'proven' } : idleOperator();
}

/** Whether a standby lives that may win: in synchronous mode one of the sync object. */
function canTakeOver({ processes, mode, sync }: Cluster, leader: number): boolean {
  return processes.some(
    ({ alive, name, postgres }) =>
      alive &&
      name !== leader &&
      postgres === 'standby' &&
      (mode !== 'sync' || sync.leader === name || (sync.standbys & bit(name)) !== 0),
  );
}

/** With the version that was read: whoever wrote since has sent this operator back to the start. */
function clear(after: Cluster, index: number): void {
  after.record.leader = nobody;
  after.record.via = via.cleared;
  touchRecord(after, after.comparing);
  after.operators[index] = idleOperator();
}
