import type { KubeObject } from '@pgherd/kube/objects';
import { invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { timeZoneProblem } from '../../cron/local-time.ts';
import { parseSchedule } from '../../cron/schedule.ts';
import type { Strategy } from '../definition.ts';
import { jobSpecErrors, type JobSpec } from '../validation/job.ts';
import { negativeErrors } from '../validation/workload.ts';

interface Spec {
  schedule?: string;
  timeZone?: string;
  concurrencyPolicy?: string;
  jobTemplate?: { spec?: JobSpec };
}

const policies = ['Allow', 'Forbid', 'Replace'];
/** A Job's name has 11 characters more, and is a label of its pods. */
const longestName = 52;

const specOf = (object: KubeObject): Spec => object['spec'] ?? {};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/ */
export const cronJobStrategy: Partial<Strategy> = {
  generation: true,
  prepareCreate: (object) => {
    object['status'] = {};
  },
  validateCreate: (object) => {
    const { name = '' } = object.metadata;
    const long = name.length > longestName;
    return [
      ...(long ? [invalid('metadata.name', name, `must be no more than ${longestName} characters`)] : []),
      ...zoneErrors(specOf(object)),
      ...scheduleErrors(specOf(object), false),
    ];
  },
  validate: (object) => {
    const spec = specOf(object);
    const limits = ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'];
    const errors = negativeErrors(spec, 'spec', limits);
    if (!policies.includes(spec.concurrencyPolicy ?? '')) {
      errors.push(notSupported('spec.concurrencyPolicy', spec.concurrencyPolicy, policies));
    }
    return [...errors, ...jobTemplateErrors(spec.jobTemplate?.spec ?? {}, 'spec.jobTemplate.spec')];
  },
  validateUpdate: (next, old) => {
    const before = specOf(old);
    const now = specOf(next);
    return [
      ...(now.timeZone === before.timeZone ? [] : zoneErrors(now)),
      ...scheduleErrors(now, before.schedule?.includes('TZ') === true),
    ];
  },
};

function zoneErrors({ timeZone }: Spec): FieldError[] {
  const problem = timeZone === undefined ? undefined : timeZoneProblem(timeZone);
  return problem === undefined ? [] : [invalid('spec.timeZone', timeZone, problem)];
}

/** `withZone`: the schedule named a time zone before this was refused. */
function scheduleErrors({ schedule = '', timeZone }: Spec, withZone: boolean): FieldError[] {
  if (schedule === '') return [required('spec.schedule')];
  const errors: FieldError[] = [];
  try {
    parseSchedule(schedule.replace(/^(CRON_)?TZ=\S+\s+/, ''));
  } catch (error) {
    errors.push(invalid('spec.schedule', schedule, (error as Error).message));
  }
  if (schedule.includes('TZ') && (!withZone || timeZone !== undefined)) {
    const why = withZone
      ? 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
      : 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(invalid('spec.schedule', schedule, why));
  }
  return errors;
}

function jobTemplateErrors(spec: JobSpec, path: string): FieldError[] {
  const errors = jobSpecErrors(spec, path);
  if (spec.selector) {
    errors.push(invalid(`${path}.selector`, spec.selector, '`selector` will be auto-generated'));
  }
  if (spec.manualSelector === true) {
    errors.push(notSupported(`${path}.manualSelector`, spec.manualSelector, ['nil', 'false']));
  }
  return errors;
}
