import type { CronJob, Job } from '@pgherd/kube/objects';
import { timestamp } from '../objects.ts';
import { controllerReference } from '../ownership.ts';

/** Name of the Job of a due time (milliseconds since 1970): the same for the same minute, so that it is made once. */
export function jobName(cronJob: CronJob, due: number): string {
  return `${cronJob.metadata.name}-${Math.floor(due / 60_000)}`;
}

/** The Job of a due time. */
export function jobFor(cronJob: CronJob, due: number): Job {
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  const { namespace = '' } = cronJob.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cronJob, due),
      namespace,
      ...(metadata?.labels ? { labels: { ...metadata.labels } } : {}),
      annotations: {
        ...metadata?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(due),
      },
      ownerReferences: [controllerReference('batch/v1', 'CronJob', cronJob)],
    },
    ...(spec ? { spec: structuredClone(spec) } : {}),
  };
}

/** The ended Jobs that are more than the limit: those that started first. */
export function surplus(ended: readonly Job[], limit: number | undefined): Job[] {
  if (limit === undefined) return [];
  const started = ({ status }: Job): number => Date.parse(status?.startTime ?? '') || Infinity;
  const byStart = (a: Job, b: Job): number =>
    started(a) - started(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
  return [...ended].sort(byStart).slice(0, Math.max(0, ended.length - limit));
}
