import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';
import { availableIn, maxUnavailable, replicasIn, replicasOf, wantedBy } from './amounts.ts';
import { conditionOf, hasDeadline, renewed, withCondition, without } from './conditions.ts';
import type { Condition, Said } from './conditions.ts';
import { allOf } from './family.ts';
import type { Family } from './family.ts';

type Status = NonNullable<Deployment['status']>;

/** The counts of all sets, and whether enough pods are available. `now` in milliseconds since 1970. */
export function countedStatus(deployment: Deployment, family: Family, now: number): Status {
  const sets = allOf(family);
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  const available = availableIn(sets);
  const enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  const counts = {
    replicas: replicasIn(sets),
    updatedReplicas: family.newest ? replicasIn([family.newest]) : 0,
    readyReplicas: sets.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wantedBy(sets) - available),
  };
  const said: Said = {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  };
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    // Zeros are not written.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(conditions, said, now),
  };
}

/** Do all wanted pods run from the present template, and none else? */
export function isComplete(deployment: Deployment, status: Status): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** The counted status with what is to say of the progress of a rollout and of failures of its sets. */
export function rolloutStatus(deployment: Deployment, family: Family, now: number): Status {
  const status = countedStatus(deployment, family, now);
  let conditions = progressOf(deployment, family, status, now);
  const [failure] = failuresOf(family);
  conditions = failure ? withFailure(conditions, failure) : without(conditions, 'ReplicaFailure');
  return { ...status, conditions };
}

/** Milliseconds until somebody has to look whether the deadline has passed. */
export function deadlineIn(deployment: Deployment, now: number): number | undefined {
  const status = deployment.status ?? {};
  const progress = conditionOf(status.conditions, 'Progressing');
  if (!progress || !hasDeadline(deployment) || isComplete(deployment, status)) return undefined;
  if (progress.reason === 'ProgressDeadlineExceeded' || progress.reason === AVAILABLE) return undefined;
  return Math.max(0, deadlineOf(deployment, progress) - now) + 1000;
}

const AVAILABLE = 'NewReplicaSetAvailable';

function progressOf(deployment: Deployment, family: Family, status: Status, now: number): Condition[] {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return without(conditions, 'Progressing');
  const present = conditionOf(deployment.status?.conditions, 'Progressing');
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && present?.reason === AVAILABLE;
  if (settled) return conditions;
  const subject = family.newest
    ? `ReplicaSet "${family.newest.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  const say = (truth: string, reason: string, what: string): Said => ({
    type: 'Progressing',
    status: truth,
    reason,
    message: `${subject} ${what}`,
  });
  if (isComplete(deployment, status)) {
    return withCondition(conditions, say('True', AVAILABLE, 'has successfully progressed.'), now);
  }
  if (hasMoved(deployment.status ?? {}, status)) {
    return renewed(conditions, say('True', 'ReplicaSetUpdated', 'is progressing.'), now);
  }
  if (isOverdue(deployment, conditionOf(conditions, 'Progressing'), now)) {
    return withCondition(
      conditions,
      say('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'),
      now,
    );
  }
  return conditions;
}

/** More new, fewer old, more ready or more available pods than before. */
function hasMoved(before: Status, now: Status): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: Status): number => replicas - updatedReplicas;
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isOverdue(deployment: Deployment, progress: Condition | undefined, now: number): boolean {
  // What was complete and has lost a pod since does not count as a rollout.
  if (!progress || progress.reason === AVAILABLE) return false;
  return progress.reason === 'ProgressDeadlineExceeded' || deadlineOf(deployment, progress) < now;
}

function deadlineOf({ spec }: Deployment, { lastUpdateTime = '' }: Condition): number {
  return Date.parse(lastUpdateTime) + (spec?.progressDeadlineSeconds ?? 0) * 1000;
}

type SetCondition = NonNullable<NonNullable<ReplicaSet['status']>['conditions']>[number];

/** Why sets could not make or remove pods: the newest one's reason, or else that of any. */
function failuresOf({ newest, old }: Family): SetCondition[] {
  const failures = (sets: ReplicaSet[]): SetCondition[] =>
    sets.flatMap(({ status }) => (status?.conditions ?? []).filter(({ type }) => type === 'ReplicaFailure'));
  const own = newest ? failures([newest]) : [];
  return own.length > 0 ? own : failures(old);
}

function withFailure(conditions: Condition[], failure: SetCondition): Condition[] {
  const present = conditionOf(conditions, 'ReplicaFailure');
  if (present?.status === failure.status && present?.reason === failure.reason) return conditions;
  const time = failure.lastTransitionTime;
  return [
    ...without(conditions, 'ReplicaFailure'),
    { ...failure, ...(time === undefined ? {} : { lastUpdateTime: time }) },
  ];
}
