import type { Death } from './decide.ts';

/** What is told when the lock was taken away; `ms` since the death became known. */
export function describeClearing({ run, lock, pod }: Death, ms: number): string {
  const { endedIn = 0, exitCode, reason } = run;
  const before = Math.max(0, endedIn - lock.renewedIn);
  const restarted = pod.notRestarted === undefined ? '' : ` (${pod.notRestarted})`;
  return (
    `${lock.leader} is dead: its container ended with ${exitCode} (${reason}) at ${timeOf(endedIn)}, ` +
    `${before} s after it renewed the leader lock last${restarted}; ` +
    `the lock was taken from it ${seconds(ms)} after that became known`
  );
}

/** What is told when a leader that may be dead keeps its lock. */
export function describeRefusal(leader: string, why: string): string {
  return `the leader lock stays with ${leader}: ${why}`;
}

/** What is told of the end; `ms` since the death became known. */
export function describeTakeover(from: string, leader: string | undefined, ms: number): string {
  if (leader === undefined)
    return `nobody has taken over from ${from} within ${seconds(ms)}; see the logs of Patroni in the replicas`;
  if (leader === from)
    return `${from} has come back and leads again, ${seconds(ms)} after its death became known`;
  return `${leader} has taken over from ${from}, ${seconds(ms)} after its death became known`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function timeOf(second: number): string {
  return new Date(second * 1000).toISOString().replace('.000', '');
}
