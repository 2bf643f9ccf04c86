import type { MemberView, PatroniClient } from '@pgherd/patroni';
import type { Candidate } from './decide.ts';

/** A member that can be asked. */
export interface Peer {
  name: string;
  address: string;
}

/**
 * Asks all members at once what they are. Resolves as soon as `isEnough` of what has come in, or when all have answered
 * or failed.
 */
export function askCandidates(
  peers: readonly Peer[],
  patroni: (address: string) => Pick<PatroniClient, 'patroni'>,
  isEnough: (candidates: readonly Candidate[]) => boolean,
): Promise<Candidate[]> {
  const { promise, resolve } = Promise.withResolvers<Candidate[]>();
  const answered: Candidate[] = [];
  const all = peers.map(async ({ name, address }) => {
    try {
      answered.push(candidateOf(name, await patroni(address).patroni()));
      if (isEnough(answered)) resolve([...answered]);
    } catch {
      // Who does not answer cannot take over.
    }
  });
  void Promise.all(all).then(() => resolve(answered));
  return promise;
}

function candidateOf(name: string, { state, role, paused, raw }: MemberView): Candidate {
  const { tags = {}, xlog = {} } = raw as Record<'tags' | 'xlog', Record<string, unknown> | undefined>;
  const { nofailover, failover_priority: priority } = tags;
  const locations = [xlog['received_location'], xlog['replayed_location']].filter(
    (location) => typeof location === 'number',
  );
  return {
    name,
    state,
    role,
    // The one wins over the other, as in Patroni.
    neverLeader: nofailover === undefined ? Number(priority ?? 1) <= 0 : nofailover === true,
    failsafe: raw['failsafe_mode_is_active'] === true,
    paused,
    location: locations.length === 0 ? undefined : Math.max(...locations),
  };
}
