import { stays } from '../nodes/place.ts';
import { isStreaming, type Member, type Observed } from '../observe/observed.ts';
import type { Step } from './step.ts';

/**
 * Who can take over from the leader now, the least behind first: members that Patroni accepts. Those on nodes that are
 * about to go come last.
 * In synchronous mode Patroni refuses everybody but a synchronous standby.
 */
export function switchoverCandidates(observed: Observed, among: Member[]): Member[] {
  const able = among.filter(
    (member) =>
      member.name !== observed.leader && isStreaming(observed, member) && member.tags['nofailover'] !== true,
  );
  const rank = (member: Member) => (stays(observed, member) ? 0 : 1);
  able.sort((a, b) => rank(a) - rank(b) || (b.location ?? 0) - (a.location ?? 0));
  const { syncStandbys } = observed;
  return syncStandbys === undefined ? able : able.filter(({ name }) => syncStandbys.includes(name));
}

/** While it catches up, nobody can write: what it has left must be little. */
const littleLag = 16 * 1024 * 1024;

/** How many bytes the new primary may be behind; people who allow more at a failover allow it here too. */
function maximumLag({ configuration }: Observed): number {
  const allowed = configuration?.['maximum_lag_on_failover'];
  return typeof allowed === 'number' ? Math.max(allowed, littleLag) : littleLag;
}

/** Hands the primary's role over. Without a candidate the step waits for one. */
export function switchoverStep(
  observed: Observed,
  leader: Member,
  candidate: Member | undefined,
  why: string,
): Step {
  const to = candidate?.name ?? 'another member';
  return {
    what: `switch over from ${leader.name} to ${to}`,
    why: [why],
    disturbs: 'switchover',
    action: {
      type: 'switchover',
      leader: leader.name,
      candidate: candidate?.name ?? '',
      leaderAddress: leader.address ?? '',
      candidateAddress: candidate?.address ?? '',
      maximumLag: maximumLag(observed),
    },
    observeAfter: true,
    ...(candidate === undefined ? { waitFor: 'a member that can take over streams' } : {}),
  };
}
