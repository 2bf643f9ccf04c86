import { isOn } from '@pgherd/patroni';
import { kinds } from '../kinds.ts';
import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import type { Step, Track } from './step.ts';

/** Whether somebody put the cluster into Patroni's maintenance mode. */
export function isPaused({ configuration }: Pick<Observed, 'configuration'>): boolean {
  return isOn(configuration?.['pause']);
}

/**
 * What people decided comes first: in a paused cluster nothing is restarted, moved or replaced (Patroni would not start a
 * replaced member's server), and a switchover that somebody asked for is neither overwritten nor disturbed. Steps that
 * would do that wait, and say for what.
 */
export function holdBack(tracks: Track[], observed: Observed): Track[] {
  return tracks.map(({ name, steps }) => ({ name, steps: steps.map((step) => held(step, observed)) }));
}

function held(step: Step, observed: Observed): Step {
  const waitFor = heldFor(step, observed);
  return waitFor === undefined ? step : { ...step, waitFor, isHeld: true };
}

function heldFor({ action }: Step, observed: Observed): string | undefined {
  const moves = action.type === 'switchover';
  const disturbs =
    moves ||
    action.type === 'restart' ||
    action.type === 'rebuild' ||
    (action.type === 'delete' && action.kind === kinds.pod);
  if (!disturbs) return undefined;
  if (isPaused(observed)) return `the cluster is paused no more (pgherd resume ${observed.name})`;
  const { asked } = observed;
  const leader = leaderOf(observed);
  // Without a working primary Patroni may never come to it.
  if (asked === undefined || leader === undefined || !isStreaming(observed, leader)) return undefined;
  const to = asked.candidate === undefined ? '' : ` to ${asked.candidate}`;
  if (asked.scheduledAt === undefined) return `the switchover${to} that somebody asked for is over`;
  return moves
    ? `the switchover${to} that somebody scheduled for ${asked.scheduledAt} is over (pgherd switchover ${observed.name} --cancel)`
    : undefined;
}
