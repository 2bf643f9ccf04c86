import type { Member, Observed } from './observed.ts';

/**
 * A copy that has taken this long, from the start of its container, may be one that fails again and again: Patroni calls
 * both `creating replica`, and tries for ever.
 */
const longMs = 3_600_000;

/** Marks members whose copy need not be waited for any more, where the pod is to be replaced anyway. */
export function withLongCopies(observed: Observed, now: number): Observed {
  const members = observed.members.map((member) =>
    isCopying(member) && now - startOf(member) >= longMs ? { ...member, copiesLong: true } : member,
  );
  return { ...observed, members };
}

/** Whether it makes itself a copy of the primary's data. */
export function isCopying({ running, state }: Member): boolean {
  return running && state === 'creating replica';
}

/** When its container began to run, in milliseconds; never if nobody says so. */
function startOf({ pod }: Member): number {
  const container = pod.status?.containerStatuses?.find(({ name }) => name === 'postgres');
  const time = Date.parse(container?.state?.running?.startedAt ?? '');
  return Number.isNaN(time) ? Infinity : time;
}
