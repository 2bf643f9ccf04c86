/** What pgbench's log of transactions says. */
export interface Transactions {
  count: number;
  /** Longest time that a client needed for one of those that were counted, milliseconds. */
  longestMs: number;
  /** When that one ended, milliseconds since 1970. */
  longestEndedAt: number;
}

/**
 * Reads lines of `pgbench --log --rate`: client, its transaction, microseconds, script, seconds and microseconds since
 * 1970, and by how much it began later than was planned. The time counts from the planned beginning; what a client waits
 * for begins when it asks. All are counted; the longest is one of those that ended after `since` (milliseconds since 1970).
 */
export function readTransactions(log: string, since: number): Transactions {
  let count = 0;
  let [longest, longestEndedAt] = [0, 0];
  for (const line of log.split('\n')) {
    const [, , time = '', , second, microsecond, late = '0'] = line.split(' ');
    // Words instead of a time: it was skipped, or failed.
    if (!/^\d+$/.test(time)) continue;
    count += 1;
    const endedAt = Number(second) * 1000 + Number(microsecond) / 1000;
    const took = Number(time) - Number(late);
    if (endedAt < since || took <= longest) continue;
    longest = took;
    longestEndedAt = endedAt;
  }
  return { count, longestMs: longest / 1000, longestEndedAt };
}

/** How many clients gave up; each does at its first error. */
export function refusedClients(stderr: string): number {
  const numbers = [...stderr.matchAll(/client (\d+) (?:script \d+ )?aborted/g)].map(([, number]) => number);
  return new Set(numbers).size;
}
