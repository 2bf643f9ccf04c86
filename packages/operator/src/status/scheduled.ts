import type { PostgresqlStatus, ScheduledStatus } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';

/** What Patroni does later because somebody asked for it, soonest first. */
export function scheduledStatuses({ asked, members }: Observed): Pick<PostgresqlStatus, 'scheduled'> {
  const scheduled: ScheduledStatus[] = members.flatMap(({ name, scheduledRestart: at }) =>
    at === undefined ? [] : [{ what: `restart of ${name}`, at }],
  );
  if (asked?.scheduledAt !== undefined) {
    const from = asked.leader === undefined ? '' : ` from ${asked.leader}`;
    const to = asked.candidate === undefined ? '' : ` to ${asked.candidate}`;
    scheduled.push({ what: `switchover${from}${to}`, at: asked.scheduledAt });
  }
  if (scheduled.length === 0) return {};
  return { scheduled: scheduled.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)) };
}
