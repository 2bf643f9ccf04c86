import type { Pod } from '@pgherd/kube/objects';
import { finishedAt, isSucceeded } from './pods.ts';

/** Failures in a row, and when the last of them was, in milliseconds since 1970. */
export interface Failures {
  count: number;
  lastAt: number;
}

export const noFailures: Failures = { count: 0, lastAt: 0 };

const FIRST_MS = 10_000;
const LONGEST_MS = 10 * 60_000;

/** What is known after these pods have ended too; a success makes the failures before it forgotten. */
export function withEnded(before: Failures, ended: readonly Pod[]): Failures {
  const sorted = ended.map((pod) => ({ pod, at: finishedAt(pod) })).sort((a, b) => a.at - b.at);
  return sorted.reduce(
    (known, { pod, at }) => (isSucceeded(pod) ? noFailures : { count: known.count + 1, lastAt: at }),
    before,
  );
}

/**
 * Milliseconds until the next pod may be made: ten seconds after a failure, twice as long after each further one, at
 * most ten minutes.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
 */
export function waitAfter({ count, lastAt }: Failures, now: number): number {
  if (count === 0) return 0;
  const delay = Math.min(FIRST_MS * 2 ** Math.min(count - 1, 10), LONGEST_MS);
  return Math.max(0, lastAt + delay - now);
}
