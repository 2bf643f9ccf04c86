import type { CronJob } from '@pgherd/kube/objects';
import type { Schedule } from '../../cron/schedule.ts';

/** What was due and has not been started. Times in milliseconds since 1970. */
export interface Missed {
  /** From when on was looked. */
  since: number;
  /** The last due time that is over. */
  last?: number;
  /** About how many there were. */
  count: 'none' | 'few' | 'many';
}

/** More than this many in a row are told: the clock may be wrong, or the controller was away for long. */
const MANY = 100;

/**
 * The last time that was due until `now`: since the last start, or the creation, and not longer ago than
 * `startingDeadlineSeconds` (unless told to look farther).
 *
 * @throws Error for a schedule that is due more often than each second.
 */
export function missedSince(
  { metadata, spec, status }: CronJob,
  schedule: Schedule,
  now: number,
  { withDeadline }: { withDeadline: boolean },
): Missed {
  let since = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '');
  const deadline = spec?.startingDeadlineSeconds;
  if (withDeadline && deadline !== undefined) since = Math.max(since, now - deadline * 1000);
  const first = schedule.next(since);
  if (first === undefined || now < first) return { since, count: 'none' };
  const second = schedule.next(first);
  if (second === undefined || now < second) return { since, last: first, count: 'none' };
  const between = Math.round((second - first) / 1000);
  if (between < 1) throw new Error('time difference between two schedules is less than 1 second');
  const missed = Math.floor(Math.floor((now - first) / 1000) / between) + 1;
  // Where the distances differ this may be too early or too late by one: start two before.
  let last: number | undefined;
  let at = schedule.next(first + (missed - 2) * between * 1000);
  while (at !== undefined && at <= now) {
    last = at;
    at = schedule.next(at);
  }
  return { since, ...(last === undefined ? {} : { last }), count: missed > MANY ? 'many' : 'few' };
}

/** Milliseconds until the next look: the next due time, and a little more. */
export function untilNext(cronJob: CronJob, schedule: Schedule, now: number): number | undefined {
  const from = (): number => {
    try {
      const { since, last, count } = missedSince(cronJob, schedule, now, { withDeadline: false });
      return last ?? (count === 'none' ? since : now);
    } catch {
      return now;
    }
  };
  const next = schedule.next(from());
  return next === undefined ? undefined : Math.max(0, next + 100 - now);
}
