import type { Pod } from '@pgherd/kube/objects';

/** Deleted, but its containers may still run. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** All containers have ended for good. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** Running and passing its readiness probes. */
export function isReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && readyCondition(pod)?.status === 'True';
}

/** Ready and not about to go. */
export function isHealthy(pod: Pod): boolean {
  return isReady(pod) && !isTerminating(pod);
}

/**
 * Milliseconds until the pod counts as available: 0 when it does, `undefined` when it is not ready, so that nobody
 * knows. `now` in milliseconds since 1970.
 */
export function availableIn(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  if (!isReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = Date.parse(readyCondition(pod)?.lastTransitionTime ?? '');
  if (Number.isNaN(since)) return undefined;
  return Math.max(0, since + minReadySeconds * 1000 - now);
}

function readyCondition(pod: Pod): { status: string; lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}
