/** What pgbench's log of transactions says. */
export interface Transactions {
  count: number;
  /** Longest time that a client needed for one of them, milliseconds. */
  longestMs: number;
}

/**
 * Reads lines of `pgbench --log --rate`: client, its transaction, microseconds, script, seconds and microseconds since
 * 1970, and by how much it began later than was planned. The time counts from the planned beginning; what a client waits
 * for begins when it asks.
 */
export function readTransactions(log: string): Transactions {
  let count = 0;
  let longest = 0;
  for (const line of log.split('\n')) {
    const [, , time = '', , , , late = '0'] = line.split(' ');
    // Words instead of a time: it was skipped, or failed.
    if (!/^\d+$/.test(time)) continue;
    count += 1;
    longest = Math.max(longest, Number(time) - Number(late));
  }
  return { count, longestMs: longest / 1000 };
}

/** How many clients gave up; each does at its first error. */
export function refusedClients(stderr: string): number {
  const numbers = [...stderr.matchAll(/client (\d+) (?:script \d+ )?aborted/g)].map(([, number]) => number);
  return new Set(numbers).size;
}
