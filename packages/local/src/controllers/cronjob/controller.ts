import { ApiError, cronJobs, jobs as jobResource } from '@pgherd/kube/objects';
import type { Clock, CronJob, Job, KubeObject, ObjectReference } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import { timeZoneProblem } from '../../cron/local-time.ts';
import { parseSchedule, type Schedule } from '../../cron/schedule.ts';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { endOf } from '../job/conditions.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey, timestamp } from '../objects.ts';
import { jobFor, jobName, surplus } from './jobs.ts';
import { missedSince, untilNext } from './times.ts';

type Status = NonNullable<CronJob['status']>;

interface Pass {
  objects: Objects;
  events: EventRecorder;
  cronJob: CronJob;
  jobs: Job[];
  status: Status;
  now: number;
}

/**
 * Makes the Jobs of each CronJob when they are due.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
 */
export function cronJobController(objects: Objects, clock: Clock, events: EventRecorder): Controller {
  // What a new schedule would have made due before it was written is not made up for.
  const seen = new Map<string, string>();
  return {
    name: 'cronjob',
    interests: [
      { resource: cronJobs, keys: (cronJob) => [keyOf(cronJob)] },
      { resource: jobResource, keys: cronJobsOf },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const cronJob = objects.get(cronJobs, namespace, name);
      if (!cronJob) {
        seen.delete(key);
        return done;
      }
      const rhythm = JSON.stringify([cronJob.metadata.uid, cronJob.spec?.schedule, cronJob.spec?.timeZone]);
      const changed = seen.has(key) && seen.get(key) !== rhythm;
      seen.set(key, rhythm);
      const jobs = objects
        .list(jobResource, namespace)
        .filter((job) => controllerOf(job)?.uid === cronJob.metadata.uid);
      const pass: Pass = {
        objects,
        events,
        cronJob,
        jobs,
        status: structuredClone(cronJob.status ?? {}),
        now: clock.now(),
      };
      trimHistory(pass);
      seeJobs(pass);
      let wait: number | undefined;
      try {
        wait = start(pass, changed);
      } finally {
        writeStatus(pass);
      }
      return wait === undefined ? done : requeueAfter(wait, 'the next time of the schedule');
    },
  };
}

function cronJobsOf(job: KubeObject): string[] {
  const controller = controllerOf(job);
  return controller?.kind === 'CronJob' ? [`${job.metadata.namespace ?? ''}/${controller.name}`] : [];
}

function trimHistory(pass: Pass): void {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = pass.cronJob.spec ?? {};
  const ended = (type: string): Job[] => pass.jobs.filter((job) => endOf(job)?.type === type);
  for (const job of surplus(ended('Failed'), failedJobsHistoryLimit)) deleteJob(pass, job);
  for (const job of surplus(ended('Complete'), successfulJobsHistoryLimit)) deleteJob(pass, job);
}

/** Brings the list of active Jobs in line with the Jobs that there are. */
function seeJobs(pass: Pass): void {
  const { events, cronJob, status } = pass;
  for (const job of pass.jobs) {
    const listed = isListed(status, job.metadata.uid);
    const end = endOf(job);
    if (!end && !listed) {
      const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`;
      events.record(cronJob, 'Warning', 'UnexpectedJob', message);
    } else if (end) {
      if (listed) {
        unlist(pass, job.metadata.uid);
        const message = `Saw completed job: ${job.metadata.name}, condition: ${end.type}`;
        events.record(cronJob, 'Normal', 'SawCompletedJob', message);
      }
      const time = job.status?.completionTime;
      const known = Date.parse(status.lastSuccessfulTime ?? '');
      if (end.type === 'Complete' && time && !(Date.parse(time) <= known)) status.lastSuccessfulTime = time;
    }
  }
  const there = new Set(pass.jobs.map(({ metadata }) => metadata.uid));
  for (const { uid, name } of status.active ?? []) {
    if (there.has(uid ?? '')) continue;
    events.record(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
    unlist(pass, uid);
  }
}

/**
 * Makes the Job that is due, if one is. Answers the milliseconds until the next look.
 *
 * @param changed the schedule is another than at the last look.
 */
function start(pass: Pass, changed: boolean): number | undefined {
  const { cronJob, events, now, status } = pass;
  const { spec } = cronJob;
  if (cronJob.metadata.deletionTimestamp !== undefined) return undefined;
  const schedule = scheduleOf(pass);
  if (!schedule || spec?.suspend === true) return undefined;
  const current: CronJob = { ...cronJob, status };
  const next = (): number | undefined => untilNext({ ...current, status: pass.status }, schedule, now);
  if (changed) return next();
  const due = dueTime(pass, current, schedule);
  if (due === undefined) return next();
  const deadline = spec?.startingDeadlineSeconds;
  if (deadline !== undefined && due + deadline * 1000 < now) {
    const message = `Missed scheduled time to start a job: ${new Date(due).toUTCString().replace('GMT', '+0000')}`;
    events.record(cronJob, 'Warning', 'MissSchedule', message);
    return next();
  }
  const name = jobName(cronJob, due);
  const made =
    status.active?.some((each) => each.name === name) || status.lastScheduleTime === timestamp(due);
  if (made) return next();
  if (spec?.concurrencyPolicy === 'Forbid' && (status.active ?? []).length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.record(cronJob, 'Normal', 'JobAlreadyActive', message);
    return next();
  }
  if (spec?.concurrencyPolicy === 'Replace') {
    for (const { uid } of status.active ?? []) {
      const job = pass.jobs.find(({ metadata }) => metadata.uid === uid);
      if (job) deleteJob(pass, job);
    }
  }
  makeJob(pass, due);
  return next();
}

function scheduleOf({ cronJob, events }: Pass): Schedule | undefined {
  const { schedule = '', timeZone } = cronJob.spec ?? {};
  const problem = timeZone === undefined ? undefined : timeZoneProblem(timeZone);
  if (problem !== undefined) {
    const message = `invalid timeZone: ${JSON.stringify(timeZone)}: ${problem}`;
    events.record(cronJob, 'Warning', 'UnknownTimeZone', message);
    return undefined;
  }
  try {
    return parseSchedule(schedule, timeZone);
  } catch (error) {
    const message = `unparseable schedule: ${JSON.stringify(schedule)} : ${(error as Error).message}`;
    events.record(cronJob, 'Warning', 'UnParseableCronJobSchedule', message);
    return undefined;
  }
}

function dueTime({ events, now }: Pass, cronJob: CronJob, schedule: Schedule): number | undefined {
  try {
    const { last, count } = missedSince(cronJob, schedule, now, { withDeadline: true });
    if (last !== undefined && count === 'many') {
      const message =
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      events.record(cronJob, 'Warning', 'TooManyMissedTimes', message);
    }
    return last;
  } catch (error) {
    const message = `invalid schedule: ${cronJob.spec?.schedule ?? ''} : ${(error as Error).message}`;
    events.record(cronJob, 'Warning', 'InvalidSchedule', message);
    return undefined;
  }
}

function makeJob(pass: Pass, due: number): void {
  const { objects, events, cronJob, status } = pass;
  let job: Job;
  try {
    job = objects.create(jobResource, jobFor(cronJob, due));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const going = error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
    if (going) return;
    const present = objects.get(jobResource, cronJob.metadata.namespace, jobName(cronJob, due));
    if (error.reason === 'AlreadyExists' && present && controllerOf(present)?.uid === cronJob.metadata.uid) {
      // Made before a crash: the next look puts it into the list, or it has ended already.
      status.lastScheduleTime = timestamp(due);
      return;
    }
    events.record(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${error.message}`);
    throw error;
  }
  events.record(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
  status.active = [...(status.active ?? []), referenceTo(job)];
  status.lastScheduleTime = timestamp(due);
}

function referenceTo({ metadata }: Job): ObjectReference {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata;
  return { apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion };
}

function deleteJob(pass: Pass, job: Job): void {
  if (job.metadata.deletionTimestamp !== undefined) return;
  const { objects, events, cronJob } = pass;
  objects.delete(jobResource, job, { propagationPolicy: 'Background' });
  unlist(pass, job.metadata.uid);
  pass.jobs = pass.jobs.filter(({ metadata }) => metadata.uid !== job.metadata.uid);
  events.record(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
}

const isListed = ({ active = [] }: Status, uid: string | undefined): boolean =>
  active.some((each) => each.uid === uid);

function unlist({ status }: Pass, uid: string | undefined): void {
  status.active = (status.active ?? []).filter((each) => each.uid !== uid);
}

function writeStatus({ objects, cronJob, status }: Pass): void {
  const { active = [], ...rest } = status;
  const next = { ...rest, ...(active.length > 0 ? { active } : {}) };
  if (sameJson(next, cronJob.status ?? {})) return;
  const fresh = objects.get(cronJobs, cronJob.metadata.namespace, cronJob.metadata.name ?? '');
  if (fresh?.metadata.uid === cronJob.metadata.uid) {
    objects.updateStatus(cronJobs, { ...cronJob, status: next });
  }
}
