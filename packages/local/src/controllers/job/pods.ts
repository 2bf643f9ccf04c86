import type { Job, Pod } from '@pgherd/kube/objects';
import { isTerminating } from '../statefulset/pod-state.ts';

/** Keeps a pod until its Job has counted it. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';

/** Not counted yet: the pod still has the finalizer. */
export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING) === true;
}

export function isSucceeded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded';
}

/**
 * Ended without success, or deleted before its end. A Job that replaces only failed pods waits for the end of deleted
 * ones.
 */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (job.spec?.podReplacementPolicy === 'Failed' || isSucceeded(pod)) return false;
  return isTerminating(pod);
}

/** When the pod came to its end, in milliseconds since 1970, as well as it can be told. */
export function finishedAt(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ''),
  );
  if (ends.length > 0 && ends.every((end) => !Number.isNaN(end))) return Math.max(...ends);
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const unready = ready?.status === 'False' ? Date.parse(ready.lastTransitionTime ?? '') : Number.NaN;
  if (!Number.isNaN(unready)) return unready;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  const deleted = Date.parse(deletionTimestamp ?? '') - deletionGracePeriodSeconds * 1000;
  return Number.isNaN(deleted) ? Date.parse(creationTimestamp ?? '') : deleted;
}

/** Restarts of containers in pods that still run: what `OnFailure` counts instead of failed pods. */
export function restartsIn(pods: readonly Pod[]): number {
  return pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}
