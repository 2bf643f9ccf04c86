import type { PatroniClient } from '@pgherd/patroni';
import type { Action } from '../plan/step.ts';

/** The new primary would have to catch up while nobody can write. Passes by itself as a rule. */
export class NotCaughtUpError extends Error {
  override readonly name = 'NotCaughtUpError';
}

const mebibyte = 1024 * 1024;

/**
 * Hands the primary's role over through Patroni. Where the members stand is asked of themselves right before: what
 * they published is up to `loop_wait` (10 s) old.
 */
export async function switchOver(
  patroni: (address: string) => PatroniClient,
  action: Extract<Action, { type: 'switchover' }>,
): Promise<string> {
  const { leader, candidate, leaderAddress, candidateAddress, maximumLag } = action;
  if (candidateAddress !== '') {
    const [from, to] = await Promise.all([
      patroni(leaderAddress).patroni(),
      patroni(candidateAddress).patroni(),
    ]);
    if (from.timeline !== undefined && to.timeline !== undefined && from.timeline !== to.timeline) {
      throw new NotCaughtUpError(
        `${candidate} is on timeline ${to.timeline} and ${leader} on ${from.timeline}: it is tried again when they are on the same`,
      );
    }
    const lag = (from.location ?? 0) - (to.location ?? 0);
    if (from.location !== undefined && to.location !== undefined && lag > maximumLag) {
      throw new NotCaughtUpError(
        `${candidate} is ${Math.ceil(lag / mebibyte)} MiB behind ${leader}, and may be ${Math.floor(maximumLag / mebibyte)}: it is tried again when it has caught up`,
      );
    }
  }
  return (await patroni(leaderAddress).switchover({ leader, candidate })).trim();
}
