import type { PatroniClient } from '@pgherd/patroni';
import type { Action } from '../plan/step.ts';

/** The new primary would have to catch up while nobody can write. Passes by itself as a rule. */
export class NotCaughtUpError extends Error {
  override readonly name = 'NotCaughtUpError';
}

const mebibyte = 1024 * 1024;

/**
 * Hands the primary's role over through Patroni. Where the members stand is asked of themselves right before: what
 * they published is up to `loop_wait` (10 s) old. Who does not say where it stands is not switched to. `prepare` is what
 * may take long while the old primary still serves; from `pause` on nobody is served.
 */
export async function switchOver(
  patroni: (address: string) => PatroniClient,
  action: Extract<Action, { type: 'switchover' }>,
  { prepare, pause }: { prepare: () => Promise<void>; pause: () => Promise<void> },
): Promise<string> {
  const { leader, leaderAddress, candidate } = action;
  await assertCaughtUp(patroni, action);
  await prepare();
  // It may have taken its time. Both end before anything is thrown: what is paused then is known.
  const both = await Promise.allSettled([pause(), assertCaughtUp(patroni, action)]);
  for (const each of both) if (each.status === 'rejected') throw each.reason;
  return (await patroni(leaderAddress).switchover({ leader, candidate })).trim();
}

/** Throws when the candidate is too far behind, on another timeline, or does not say. */
async function assertCaughtUp(
  patroni: (address: string) => PatroniClient,
  { leader, candidate, leaderAddress, candidateAddress, maximumLag }: Extract<Action, { type: 'switchover' }>,
): Promise<void> {
  if (candidateAddress === '') throw new NotCaughtUpError(`${candidate} has no address yet`);
  const [from, to] = await Promise.all([
    patroni(leaderAddress).patroni(),
    patroni(candidateAddress).patroni(),
  ]);
  if (from.location === undefined || to.location === undefined || to.state !== 'running') {
    const silent = from.location === undefined ? leader : candidate;
    throw new NotCaughtUpError(`PostgreSQL of ${silent} does not say how far it is: it is asked again`);
  }
  if (from.timeline !== undefined && to.timeline !== undefined && from.timeline !== to.timeline) {
    throw new NotCaughtUpError(
      `${candidate} is on timeline ${to.timeline} and ${leader} on ${from.timeline}: it is tried again when they are on the same`,
    );
  }
  const lag = from.location - to.location;
  if (lag > maximumLag) {
    throw new NotCaughtUpError(
      `${candidate} is ${Math.ceil(lag / mebibyte)} MiB behind ${leader}, and may be ${Math.floor(maximumLag / mebibyte)}: it is tried again when it has caught up`,
    );
  }
}
