import type { StatefulSet } from '@pgherd/kube/objects';
import type { Desired } from '../kinds.ts';
import type { Departure } from '../nodes/departure.ts';
import { departureOfMember, lacksPlace, nodeOf, stays } from '../nodes/place.ts';
import { isStreaming, leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { replaceStep } from './rollout.ts';
import type { Step, Track } from './step.ts';
import { switchoverCandidates, switchoverStep } from './switchover.ts';

/**
 * Takes the primary's role away from a node that is about to go, to a member on a node that stays; the replicas leave by
 * evictions. Nothing while nobody serves, or while the node is not heard of: it may be dead, and Patroni's lease decides.
 */
export function drainSteps(statefulSet: Desired | undefined, observed: Observed): Step[] {
  const leader = leaderOf(observed);
  if (statefulSet === undefined || leader === undefined || !isStreaming(observed, leader)) return [];
  const departure = departureOfMember(observed, leader);
  if (departure === undefined || nodeOf(observed, leader)?.ready === 'Unknown') return [];
  const wanted = (statefulSet.object as StatefulSet).spec?.replicas ?? 0;
  const others = observed.members.filter((member) => member !== leader && member.ordinal < wanted);
  const steps =
    wanted <= 1 && others.length === 0
      ? [replacement(observed, leader, [departure.why], 'downtime')]
      : moveRole(observed, leader, others, wanted, departure);
  return steps.map((step) => ({ ...step, drain: departure.urgent ? 'urgent' : 'orderly' }));
}

/**
 * Steps of a drain go before everything else that is done with pods as soon as they can be done: the node does not wait
 * for a rolling update. Those that wait hold up nothing.
 */
export function drainFirst(tracks: Track[]): Track[] {
  return tracks.map((track) => {
    const drain = track.steps.filter((step) => step.drain !== undefined);
    const [first] = drain;
    if (first === undefined || first.waitFor !== undefined) return track;
    // A rolling update may be about to hand the role over to the same member.
    const rest = track.steps.filter((step) => step.drain === undefined && step.what !== first.what);
    return { ...track, steps: [...drain, ...rest] };
  });
}

function moveRole(
  observed: Observed,
  leader: Member,
  others: Member[],
  wanted: number,
  { why }: Departure,
): Step[] {
  const staying = others.filter((member) => stays(observed, member));
  const [candidate] = switchoverCandidates(observed, staying);
  if (candidate !== undefined) return [switchoverStep(observed, leader, candidate, why)];
  const later = {
    ...switchoverStep(observed, leader, undefined, why),
    waitFor: 'a member that can take over streams on a node that stays',
  };
  // Never two members away at once.
  const isWhole = others.length >= wanted - 1 && others.every((member) => isStreaming(observed, member));
  if (!isWhole) return [later];
  const leaving = others
    .filter((member) => !staying.includes(member) && member.tags['nofailover'] !== true)
    .map((member) => {
      const because = departureOfMember(observed, member)?.why ?? `its node has trouble`;
      return replacement(observed, member, [because === why ? why : `${because}, and ${why}`], 'restart');
    });
  const movable = leaving.find(({ waitFor }) => waitFor === undefined) ?? leaving[0];
  return movable === undefined ? [later] : [movable, later];
}

/** The pod is made again elsewhere. Without a place for it, it is left alone until somebody makes one. */
function replacement(
  observed: Observed,
  member: Member,
  why: string[],
  disturbs: 'restart' | 'downtime',
): Step {
  const step = replaceStep(observed, { member, why }, disturbs);
  const lacking = lacksPlace(observed, member);
  return lacking === undefined ? step : { ...step, waitFor: lacking, isHeld: true };
}
