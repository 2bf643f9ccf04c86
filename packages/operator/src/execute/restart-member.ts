import { setTimeout as sleep } from 'node:timers/promises';
import { PatroniError, plannedStartSeconds, type PatroniClient } from '@pgherd/patroni';
import type { Action } from '../plan/step.ts';
import { NotCaughtUpError } from './switch-over.ts';

/** Patroni's words (status 503) when no restart is pending. */
const notPending = 'restart conditions are not satisfied';

/** How long it is waited in a pass until a replica has replayed what the primary wrote. */
const replayMs = 10_000;
const askAgainMs = 200;

/**
 * Restarts PostgreSQL of one member, only if a parameter still waits for it: the member publishes up to `loop_wait`
 * (10 s) later that it has restarted, and is woken to publish it sooner. Answers what Patroni said; '' when nothing was
 * pending any more. `prepare` is what comes right before.
 */
export async function restartMember(
  patroni: (address: string) => PatroniClient,
  { member, address, follows }: Extract<Action, { type: 'restart' }>,
  prepare: () => Promise<void> = async () => {},
): Promise<string> {
  const own = patroni(address);
  if (follows !== undefined) await untilReplayed(member, own, patroni(follows));
  await prepare();
  let said = '';
  try {
    said = (await own.restart({ restartPending: true, timeoutSeconds: plannedStartSeconds })).trim();
  } catch (error) {
    if (!(error instanceof PatroniError && error.message.includes(notPending))) throw error;
  }
  await own.wakeUp();
  return said;
}

/** Throws when the member does not get in time to where the primary is now. */
async function untilReplayed(member: string, own: PatroniClient, primary: PatroniClient): Promise<void> {
  const { location: target } = await primary.patroni();
  for (let waited = 0; ; waited += askAgainMs) {
    const { location } = await own.patroni();
    if (target !== undefined && location !== undefined && location >= target) return;
    if (waited >= replayMs) {
      throw new NotCaughtUpError(
        `${member} has not replayed yet what the primary wrote when it was restarted: it is restarted when it has`,
      );
    }
    await sleep(askAgainMs);
  }
}
