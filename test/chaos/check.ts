import type { History, Read, Write } from './history.ts';

/** What a history shows that must not be. */
export interface Verdict {
  /** Acknowledged rows that are not there. */
  lost: string[];
  /** Rows that nobody wrote, that were refused, or that are there twice. */
  invented: string[];
  /** Two servers that acknowledged in each other's time. */
  twoPrimaries: string[];
  /**
   * Reads that did not see what had been acknowledged before they began. A primary that was replaced and does not know it
   * yet answers so: Patroni does not promise that reads are of the newest primary. Told, not condemned.
   */
  stale: string[];
}

/** Nothing that is promised was broken. */
export function isClean({ lost, invented, twoPrimaries }: Verdict): boolean {
  return lost.length + invented.length + twoPrimaries.length === 0;
}

/** Examines what happened. Pure: the same history, the same verdict. */
export function check(history: History): Verdict {
  return {
    lost: findLost(history),
    invented: findInvented(history),
    twoPrimaries: findTwoPrimaries(history.writes),
    stale: findStale(history),
  };
}

function findLost({ writes, rows }: History): string[] {
  const there = new Map(Object.entries(rows).map(([client, numbers]) => [client, new Set(numbers)]));
  return writes
    .filter(({ client, n, outcome }) => outcome === 'acknowledged' && there.get(client)?.has(n) !== true)
    .map((write) => `${nameOf(write)}, acknowledged by ${serverOf(write)}`);
}

function findInvented({ writes, rows }: History): string[] {
  const outcomes = new Map(writes.map((write) => [nameOf(write), write.outcome]));
  return Object.entries(rows).flatMap(([client, numbers]) => {
    const times = new Map<number, number>();
    for (const n of numbers) times.set(n, (times.get(n) ?? 0) + 1);
    return [...times].flatMap(([n, count]) => {
      const name = nameOf({ client, n });
      const outcome = outcomes.get(name);
      if (outcome === undefined) return [`${name}, which nobody wrote`];
      if (outcome === 'refused') return [`${name}, which was refused`];
      return count > 1 ? [`${name}, ${count} times`] : [];
    });
  });
}

/**
 * A promotion begins a new timeline, and only one server writes on a timeline at a time. So once a write was
 * acknowledged on a timeline, no later one may be on an older; and on one timeline servers follow each other (a pod may
 * come back with another address), but never take turns.
 */
function findTwoPrimaries(writes: readonly Write[]): string[] {
  const acknowledged = writes
    .filter((write) => write.outcome === 'acknowledged')
    .toSorted((a, b) => a.endedAt - b.endedAt);
  return [...olderTimelines(acknowledged), ...turnsTaken(acknowledged)];
}

function olderTimelines(byEnd: readonly Write[]): string[] {
  const found: string[] = [];
  const byStart = byEnd.toSorted((a, b) => a.startedAt - b.startedAt);
  let next = 0;
  let newest: Write | undefined;
  for (const write of byStart) {
    // Everything that had ended when this one began.
    for (
      let ended = byEnd[next];
      ended !== undefined && ended.endedAt < write.startedAt;
      ended = byEnd[next]
    ) {
      if (timelineOf(ended) > (newest === undefined ? 0 : timelineOf(newest))) newest = ended;
      next += 1;
    }
    if (newest !== undefined && timelineOf(write) < timelineOf(newest))
      found.push(
        `${nameOf(write)} by ${serverOf(write)}, after ${nameOf(newest)} by ${serverOf(newest)} had been acknowledged`,
      );
  }
  return found;
}

function turnsTaken(byEnd: readonly Write[]): string[] {
  const found: string[] = [];
  /** For each timeline, the servers in the order of their first write that began after all before had ended. */
  const current = new Map<number, Write>();
  const replaced = new Map<string, Write>();
  for (const write of byEnd) {
    const before = current.get(timelineOf(write));
    const successor = replaced.get(serverOf(write));
    if (successor !== undefined && write.startedAt > successor.endedAt)
      found.push(
        `${nameOf(write)} by ${serverOf(write)}, after ${nameOf(successor)} by ${serverOf(successor)} had been acknowledged`,
      );
    if (before !== undefined && serverOf(before) !== serverOf(write) && write.startedAt > before.endedAt)
      replaced.set(serverOf(before), write);
    if (successor === undefined) current.set(timelineOf(write), write);
  }
  return found;
}

function findStale({ writes, reads }: History): string[] {
  const byClient = Map.groupBy(
    writes.filter(({ outcome }) => outcome === 'acknowledged'),
    ({ client }) => client,
  );
  return reads.flatMap((read) => {
    const seen = new Set(read.seen);
    const missing = (byClient.get(read.of) ?? []).filter((write) => isMissing(write, read, seen));
    return missing.length === 0
      ? []
      : [`a read of ${read.of} did not see ${missing.length} rows, the first ${missing[0]?.n}`];
  });
}

function isMissing(write: Write, read: Read, seen: ReadonlySet<number>): boolean {
  return write.endedAt < read.startedAt && write.n >= read.from && !seen.has(write.n);
}

function nameOf({ client, n }: Pick<Write, 'client' | 'n'>): string {
  return `row ${n} of ${client}`;
}

function timelineOf({ server }: Write): number {
  return server?.timeline ?? 0;
}

function serverOf({ server }: Write): string {
  return server === undefined ? 'an unknown server' : `${server.address} on timeline ${server.timeline}`;
}
