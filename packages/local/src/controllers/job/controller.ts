import { jobs as jobResource, pods as podResource } from '@pgherd/kube/objects';
import type { Clock, Job, KubeObject, Pod } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey, timestamp, withMetadata } from '../objects.ts';
import { BURST, PodsError, createPod, deletePod } from '../owned-pods.ts';
import { claimObjects, controllerReference } from '../ownership.ts';
import { rankForDeletion } from '../replicaset/rank.ts';
import { noFailures, waitAfter, withEnded, type Failures } from './back-off.ts';
import { endOf, newCondition, withSuspended, type Ending, type JobStatus } from './conditions.ts';
import { TRACKING, isFailed, isSucceeded, isTracked } from './pods.ts';
import {
  deadlineIn,
  failureOf,
  isComplete,
  settle,
  tallyOf,
  uncounted,
  wantedActive,
  type Tally,
} from './tally.ts';

/** What every pass works with. */
interface Context {
  objects: Objects;
  clock: Clock;
  events: EventRecorder;
  /** By key: failures in a row. Of this process only, as in Kubernetes: it is about waiting, not about counting. */
  failures: Map<string, Failures>;
}

/**
 * Runs the pods of each Job to its completion or failure.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
export function jobController(objects: Objects, clock: Clock, events: EventRecorder): Controller {
  const context: Context = { objects, clock, events, failures: new Map() };
  return {
    name: 'job',
    interests: [
      { resource: jobResource, keys: (job) => [keyOf(job)] },
      { resource: podResource, keys: (pod) => jobsOf(objects, pod) },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const job = objects.get(jobResource, namespace, name);
      if (job && !endOf(job)) return pass(context, key, job);
      context.failures.delete(key);
      return done;
    },
  };
}

function pass(context: Context, key: string, job: Job): Result {
  const { objects, clock, failures } = context;
  const pods = claimPods(objects, job);
  if (job.metadata.deletionTimestamp !== undefined) {
    for (const pod of pods) untrack(objects, pod);
    return done;
  }
  const now = clock.now();
  let status = settle(job.status ?? {}, pods);
  const resumed = job.status?.conditions?.some((each) => each.type === 'Suspended' && each.status === 'True');
  if (job.spec?.suspend !== true && (status.startTime === undefined || resumed)) {
    // The time of the deadline starts anew.
    status = { ...status, startTime: timestamp(now) };
  }
  const started: Job = { ...job, status };
  const tally = tallyOf(started, status, pods);
  const known =
    failures.get(key) ??
    withEnded(
      noFailures,
      pods.filter((pod) => isCounted(started, pod)),
    );
  const record = withEnded(known, tally.ended);
  const outcome = manage(context, started, tally, pods, record);
  status = { ...status, ...outcome.status };
  const ending = outcome.ending;
  status = count(context, started, status, pods, ending);
  failures.set(key, record);
  if (ending) status = end(context, started, status, ending);
  write(objects, job, status);
  if (outcome.failure) throw outcome.failure.cause;
  const waits = [outcome.waitMs, ending ? undefined : deadlineIn({ ...job, status }, now)];
  const next = waits.filter((ms) => ms !== undefined);
  return next.length > 0 ? requeueAfter(Math.min(...next), 'back-off or deadline of the job') : done;
}

/** Ended, and in the numbers already. */
function isCounted(job: Job, pod: Pod): boolean {
  return !isTracked(pod) && (isSucceeded(pod) || isFailed(pod, job));
}

interface Outcome {
  status: Partial<JobStatus>;
  ending?: Ending;
  /** Milliseconds until pods may be made again. */
  waitMs?: number;
  failure?: PodsError;
}

/** Makes and removes pods, and says how the Job stands. */
function manage(context: Context, job: Job, tally: Tally, pods: Pod[], record: Failures): Outcome {
  const now = context.clock.now();
  const failed = failureOf(job, tally, pods, now);
  let { length: active } = tally.active;
  const counts = (): Partial<JobStatus> => ({
    active,
    ready: Math.min(tally.ready, active),
    terminating: tally.terminating,
  });
  try {
    if (failed) {
      for (const pod of tally.active) deletePod(makerOf(context, job), pod);
      active = 0;
      return { status: counts(), ending: failed };
    }
    const missing = wantedActive(job, tally) - active;
    let waitMs: number | undefined;
    if (missing < 0) {
      // What is only too much is no failure: it goes uncounted.
      for (const pod of rankForDeletion(tally.active, [], now).slice(0, -missing)) {
        deletePod(makerOf(context, job), untrack(context.objects, pod));
        active--;
      }
    } else if (missing > 0) {
      const waiting = job.spec?.podReplacementPolicy === 'Failed' ? tally.terminating : 0;
      const wait = waitAfter(record, now);
      if (wait > 0) waitMs = wait;
      else {
        for (let made = 0; made < Math.min(missing - waiting, BURST); made++) {
          createPod(makerOf(context, job), job.spec?.template, [TRACKING]);
          active++;
        }
      }
    }
    if (isComplete(job, tally, active)) return { status: counts(), ending: { type: 'Complete' } };
    const suspension = suspend(context, job, now);
    return { status: { ...counts(), ...suspension }, ...(waitMs === undefined ? {} : { waitMs }) };
  } catch (error) {
    if (!(error instanceof PodsError)) throw error;
    return { status: counts(), failure: error };
  }
}

/** Tells that the Job was suspended or goes on. */
function suspend({ events }: Context, job: Job, now: number): Partial<JobStatus> {
  const suspended = job.spec?.suspend === true;
  const conditions = withSuspended(job.status?.conditions ?? [], suspended, now);
  if (!conditions) return {};
  const told = suspended ? 'Suspended' : 'Resumed';
  events.record(job, 'Normal', told, `Job ${told.toLowerCase()}`);
  return { conditions };
}

/** Writes down which pods have ended, lets them go, and takes them into the numbers. */
function count(
  context: Context,
  job: Job,
  status: JobStatus,
  pods: Pod[],
  ending: Ending | undefined,
): JobStatus {
  const { objects } = context;
  const settled = pods.filter(
    (pod) => isTracked(pod) && (ending !== undefined || isSucceeded(pod) || isFailed(pod, job)),
  );
  let next = status;
  for (let start = 0; start < settled.length; start += BURST) {
    const some = settled.slice(start, start + BURST);
    const { succeeded = [], failed = [] } = next.uncountedTerminatedPods ?? {};
    const uids = (good: boolean): string[] =>
      some.filter((pod) => isSucceeded(pod) === good).map(({ metadata }) => metadata.uid ?? '');
    const union = (list: string[], more: string[]): string[] => [...new Set([...list, ...more])];
    const list = uncounted(union(succeeded, uids(true)), union(failed, uids(false)));
    next = { ...next, uncountedTerminatedPods: list };
    write(objects, job, next);
    for (const pod of some) untrack(objects, pod);
    next = settle(next, claimPods(objects, job));
  }
  return next;
}

function end({ clock, events }: Context, job: Job, status: JobStatus, ending: Ending): JobStatus {
  const condition = newCondition(ending, clock.now());
  if (ending.type === 'Complete') events.record(job, 'Normal', 'Completed', 'Job completed');
  else events.record(job, 'Warning', ending.reason ?? '', ending.message ?? '');
  return {
    ...status,
    conditions: [...(status.conditions ?? []), condition],
    ...(ending.type === 'Complete' ? { completionTime: condition.lastTransitionTime } : {}),
  };
}

/** Writes the status on whatever the Job is by now; one that is gone needs none. */
function write(objects: Objects, job: Job, status: JobStatus): void {
  const { namespace, name = '', uid } = job.metadata;
  const fresh = objects.get(jobResource, namespace, name);
  if (!fresh || fresh.metadata.uid !== uid) return;
  const { active = 0, ...rest } = status;
  const next = { ...rest, ...(active > 0 ? { active } : {}) };
  if (!sameJson(next, fresh.status)) objects.updateStatus(jobResource, { ...fresh, status: next });
}

/** Takes the finalizer off the pod as it is by now; answers it without. */
function untrack(objects: Objects, pod: Pod): Pod {
  const fresh = objects.get(podResource, pod.metadata.namespace, pod.metadata.name ?? '');
  if (!fresh || fresh.metadata.uid !== pod.metadata.uid || !isTracked(fresh)) return pod;
  const finalizers = fresh.metadata.finalizers?.filter((each) => each !== TRACKING) ?? [];
  return objects.update(podResource, withMetadata(fresh, { finalizers }));
}

function makerOf({ objects, events }: Context, job: Job): Parameters<typeof createPod>[0] {
  return { objects, events, owner: job, reference: controllerReference('batch/v1', 'Job', job) };
}

function claimPods(objects: Objects, job: Job): Pod[] {
  return claimObjects(objects, {
    owner: job,
    selector: job.spec?.selector ?? {},
    reference: controllerReference('batch/v1', 'Job', job),
    resource: podResource,
    finalizer: TRACKING,
  });
}

/** The Job that controls the pod, or those that might adopt it. */
function jobsOf(objects: Objects, pod: KubeObject): string[] {
  const namespace = pod.metadata.namespace ?? '';
  const controller = controllerOf(pod);
  if (controller) return controller.kind === 'Job' ? [`${namespace}/${controller.name}`] : [];
  return objects
    .list(jobResource, namespace)
    .filter(({ spec }) => matchesLabelSelector(spec?.selector ?? {}, pod.metadata.labels ?? {}))
    .map(keyOf);
}
