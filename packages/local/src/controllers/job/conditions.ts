import type { Job } from '@pgherd/kube/objects';
import { timestamp } from '../objects.ts';

export type JobStatus = NonNullable<Job['status']>;
export type JobCondition = NonNullable<JobStatus['conditions']>[number];

/** How a Job came to its end. */
export interface Ending {
  type: 'Complete' | 'Failed';
  reason?: string;
  message?: string;
}

/** The condition that says that the Job has ended; undefined while it has not. */
export function endOf(job: Job): JobCondition | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

export function newCondition(ending: Omit<JobCondition, 'status'> | Ending, now: number): JobCondition {
  const time = timestamp(now);
  return { ...ending, status: 'True', lastProbeTime: time, lastTransitionTime: time };
}

/** The conditions when `Suspended` is as wanted; undefined when nothing changes. */
export function withSuspended(
  present: readonly JobCondition[],
  suspended: boolean,
  now: number,
): JobCondition[] | undefined {
  const status = suspended ? 'True' : 'False';
  const old = present.find(({ type }) => type === 'Suspended');
  if (old?.status === status || (!old && !suspended)) return undefined;
  const told = suspended
    ? { reason: 'JobSuspended', message: 'Job suspended' }
    : { reason: 'JobResumed', message: 'Job resumed' };
  const next = { ...newCondition({ type: 'Suspended', ...told }, now), status };
  return old ? present.map((each) => (each === old ? next : each)) : [...present, next];
}
