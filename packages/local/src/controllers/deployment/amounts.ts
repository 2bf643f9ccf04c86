import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';

/** Pods that the Deployment wants. */
export function replicasOf(owner: Deployment | ReplicaSet): number {
  return owner.spec?.replicas ?? 1;
}

/** Is it updated step by step? */
export function isRolling(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type === 'RollingUpdate';
}

/** Pods above the wanted number that an update may make; a percentage is rounded up. */
export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0;
}

/** Pods below the wanted number that an update may cost; a percentage is rounded down. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment) || replicas === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, replicas);
}

/** Percentages can round to nothing of both; then one pod may be missing, or nothing would ever move. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge: over, maxUnavailable: under } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = scaled(over ?? 0, replicasOf(deployment), Math.ceil);
  const unavailable = scaled(under ?? 0, replicasOf(deployment), Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function scaled(amount: number | string, total: number, round: (value: number) => number): number {
  if (typeof amount === 'number') return amount;
  return round((Number.parseInt(amount, 10) * total) / 100);
}

/** Pods that these sets shall have together. */
export function wantedBy(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** Pods that these sets have together. */
export function replicasIn(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, { status }) => sum + (status?.replicas ?? 0), 0);
}

/** Available pods of these sets together. */
export function availableIn(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, { status }) => sum + (status?.availableReplicas ?? 0), 0);
}

/** The sets that shall have pods. */
export function activeOf(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0);
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
    ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)
  );
}
