import type { Printer } from './column.ts';
import { columns } from './column.ts';
import { humanDuration } from './human-duration.ts';
import { at, integer, list, selectorText, text } from './look.ts';
import { age, name } from './print-core.ts';

/** What holds, the first of these decides; a deletion comes between the ends and the rest. */
const ENDS = ['Complete', 'Failed'];
const STATES = ['Suspended', 'FailureTarget'];

function jobStatus(job: unknown): string {
  const holding = list(job, 'status', 'conditions')
    .filter((condition) => text(condition, 'status') === 'True')
    .map((condition) => text(condition, 'type'));
  const first = (types: string[]): string | undefined => types.find((type) => holding.includes(type));
  const going = text(job, 'metadata', 'deletionTimestamp') === '' ? undefined : 'Terminating';
  return first(ENDS) ?? going ?? first(STATES) ?? 'Running';
}

function completions(job: unknown): string {
  const succeeded = integer(job, 'status', 'succeeded');
  if (typeof at(job, 'spec', 'completions') === 'number') {
    return `${succeeded}/${integer(job, 'spec', 'completions')}`;
  }
  const parallelism = integer(job, 'spec', 'parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

/** From the start to the completion, or to now. */
function duration(job: unknown, now: number): string {
  const start = Date.parse(text(job, 'status', 'startTime'));
  if (Number.isNaN(start)) return '';
  const end = Date.parse(text(job, 'status', 'completionTime'));
  return humanDuration((Number.isNaN(end) ? now : end) - start);
}

/** Time since the last schedule. */
function lastSchedule(cronJob: unknown, now: number): string {
  const time = Date.parse(text(cronJob, 'status', 'lastScheduleTime'));
  return Number.isNaN(time) ? '<none>' : humanDuration(now - time);
}

function suspended(cronJob: unknown): string {
  const suspend = at(cronJob, 'spec', 'suspend');
  if (typeof suspend !== 'boolean') return '<unset>';
  return suspend ? 'True' : 'False';
}

/** Names, images and selector of what a Job's spec runs. */
function wide(spec: unknown): string[] {
  const containers = list(spec, 'template', 'spec', 'containers');
  const all = (field: string): string => containers.map((container) => text(container, field)).join(',');
  return [all('name'), all('image'), selectorText(at(spec, 'selector'))];
}

/** Group `batch`, by `group/plural`. */
export const batchPrinters: Record<string, Printer> = {
  'batch/jobs': {
    columns: columns(
      'Name',
      'Status',
      'Completions',
      'Duration',
      'Age',
      'Containers+',
      'Images+',
      'Selector+',
    ),
    cells: (o, now) => [
      name(o),
      jobStatus(o),
      completions(o),
      duration(o, now),
      age(o, now),
      ...wide(at(o, 'spec')),
    ],
  },
  'batch/cronjobs': {
    columns: columns(
      'Name',
      'Schedule',
      'Timezone',
      'Suspend',
      'Active#',
      'Last Schedule',
      'Age',
      'Containers+',
      'Images+',
      'Selector+',
    ),
    cells: (o, now) => [
      name(o),
      text(o, 'spec', 'schedule'),
      text(o, 'spec', 'timeZone') || '<none>',
      suspended(o),
      list(o, 'status', 'active').length,
      lastSchedule(o, now),
      age(o, now),
      ...wide(at(o, 'spec', 'jobTemplate', 'spec')),
    ],
  },
};
