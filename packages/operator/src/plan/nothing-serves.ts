import { leaderOf, serves, type Member, type Observed } from '../observe/observed.ts';
import type { Outdated } from './rollout.ts';

/** Words of Patroni for a PostgreSQL that did not come up; it tries again, with the same settings. */
const failed = new Set(['start failed', 'restart failed', 'initdb failed', 'custom bootstrap failed']);

/**
 * Whether PostgreSQL of the member may be up, or on its way: recovering, copying, about to be elected. What Patroni said
 * in a container before counts for the next one until it speaks again.
 */
function mayCome({ running, state, pod }: Member): boolean {
  if (!running) return false;
  return state === undefined ? pod.metadata.annotations?.['status'] !== undefined : !failed.has(state);
}

/**
 * Outdated members that have nothing to lose, because nobody accepts writes and they are not about to: these are replaced
 * all at once, the last primary first. None while somebody serves.
 */
export function hopeless(observed: Observed, outdated: Outdated[]): Outdated[] {
  if (serves(observed)) return [];
  const leader = leaderOf(observed);
  const rank = ({ member }: Outdated) => (member === leader ? Infinity : member.ordinal);
  return outdated
    .filter(({ member }) => !mayCome(member))
    .sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0));
}
