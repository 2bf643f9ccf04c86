import type { Job, Pod } from '@pgherd/kube/objects';
import { isActive } from '../owned-pods.ts';
import { isReady, isTerminating } from '../statefulset/pod-state.ts';
import type { Ending, JobStatus } from './conditions.ts';
import { isFailed, isSucceeded, isTracked, restartsIn } from './pods.ts';

/** The pods of a Job as they stand, and the numbers with those that no status has counted yet. */
export interface Tally {
  active: Pod[];
  /** Ended and not in any number of the status. */
  ended: Pod[];
  succeeded: number;
  failed: number;
  ready: number;
  terminating: number;
}

/**
 * Counts in which the pods whose finalizer is gone have moved from the list of the uncounted to the numbers. A pod
 * stands in the list from before its finalizer goes, so that a crash in between loses none and counts none twice.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers
 */
export function settle(status: JobStatus, pods: readonly Pod[]): JobStatus {
  const held = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const still = (uids: string[]): string[] => uids.filter((uid) => held.has(uid));
  const gone = (uids: string[]): number => uids.length - still(uids).length;
  return {
    ...status,
    ...positive('succeeded', (status.succeeded ?? 0) + gone(succeeded)),
    ...positive('failed', (status.failed ?? 0) + gone(failed)),
    uncountedTerminatedPods: uncounted(still(succeeded), still(failed)),
  };
}

/** The list, without empty parts. */
export function uncounted(
  succeeded: string[],
  failed: string[],
): { succeeded?: string[]; failed?: string[] } {
  return { ...(succeeded.length > 0 ? { succeeded } : {}), ...(failed.length > 0 ? { failed } : {}) };
}

/** A number of the status, which is left out at zero. */
function positive(field: 'succeeded' | 'failed', count: number): Partial<JobStatus> {
  return count > 0 ? { [field]: count } : {};
}

/** @param status a settled one. */
export function tallyOf(job: Job, status: JobStatus, pods: readonly Pod[]): Tally {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const listed = new Set([...succeeded, ...failed]);
  const fresh = pods.filter((pod) => isTracked(pod) && !listed.has(pod.metadata.uid ?? ''));
  const good = fresh.filter(isSucceeded);
  const bad = fresh.filter((pod) => isFailed(pod, job));
  const active = pods.filter(isActive);
  return {
    active,
    ended: [...good, ...bad],
    succeeded: (status.succeeded ?? 0) + succeeded.length + good.length,
    failed: (status.failed ?? 0) + failed.length + bad.length,
    ready: active.filter(isReady).length,
    terminating: pods.filter(
      (pod) => isTerminating(pod) && !isSucceeded(pod) && pod.status?.phase !== 'Failed',
    ).length,
  };
}

/** Why the Job fails now, if it does. */
export function failureOf(
  job: Job,
  { failed }: Tally,
  pods: readonly Pod[],
  now: number,
): Ending | undefined {
  const { backoffLimit = 6, template } = job.spec ?? {};
  const restarts = template?.spec?.restartPolicy === 'OnFailure' ? restartsIn(pods) : 0;
  if (failed > backoffLimit || (restarts > 0 && restarts >= backoffLimit)) {
    const message = 'Job has reached the specified backoff limit';
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message };
  }
  if (deadlineIn(job, now) === 0) {
    const message = 'Job was active longer than specified deadline';
    return { type: 'Failed', reason: 'DeadlineExceeded', message };
  }
  return undefined;
}

/** Milliseconds until `activeDeadlineSeconds` are over; undefined when no time runs. */
export function deadlineIn({ spec, status }: Job, now: number): number | undefined {
  const seconds = spec?.activeDeadlineSeconds;
  if (seconds === undefined || spec?.suspend === true || status?.startTime === undefined) return undefined;
  return Math.max(0, Date.parse(status.startTime) + seconds * 1000 - now);
}

/** How many pods should be active now. */
export function wantedActive({ spec }: Job, { active, succeeded }: Tally): number {
  const { completions, parallelism = 1, suspend } = spec ?? {};
  if (suspend === true) return 0;
  // A work queue: the first success means that nothing is left for new pods.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

/** Has the Job done its work? `active`: how many pods run now. */
export function isComplete({ spec }: Job, { succeeded }: Tally, active: number): boolean {
  if (active > 0) return false;
  return spec?.completions === undefined ? succeeded > 0 : succeeded >= spec.completions;
}
