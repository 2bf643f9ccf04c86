import { kinds } from '../kinds.ts';
import { leaderOf, type Member, type Observed } from '../observe/observed.ts';
import type { PoolerPause } from '../poolers/pause.ts';
import { canPause, poolerPods, type PoolerPod } from '../poolers/pooler-pods.ts';
import type { Step, Track } from './step.ts';

/** Seconds that a pause lasts at most: longer than the step takes as a rule, shorter than clients have patience. */
const limits = { switchover: 20, restart: 45, replacement: 60 };

/** What a step takes away from poolers. */
type Loss = Pick<PoolerPause, 'role' | 'limit' | 'afterwards' | 'leaving' | 'cuts'>;

/**
 * The same tracks, with the poolers that are paused by steps that take a server from them. A primary that a track hands
 * over is a replica afterwards.
 */
export function withPoolerPauses(tracks: Track[], observed: Observed): Track[] {
  const pods = poolerPods(observed);
  if (pods.length === 0) return tracks;
  return tracks.map((track) => {
    let leader = leaderOf(observed);
    const steps = track.steps.map((step) => {
      const loss = lossOf(step, observed, leader);
      if (step.action.type === 'switchover') leader = undefined;
      return loss === undefined ? step : withPause(step, loss, pods, observed.namespace);
    });
    return { ...track, steps };
  });
}

/** Undefined when no pooler loses a server that serves. */
function lossOf({ action }: Step, observed: Observed, leader: Member | undefined): Loss | undefined {
  if (action.type === 'switchover')
    return isPrimary(leader)
      ? { role: 'primary', limit: limits.switchover, afterwards: 'another' }
      : undefined;
  const isRestart = action.type === 'restart';
  const isReplacement = action.type === 'delete' && action.kind === kinds.pod;
  if (!isRestart && !isReplacement) return undefined;
  const name = isRestart ? action.member : action.name;
  const member = observed.members.find((each) => each.name === name);
  if (member?.state !== 'running' || !member.running || member.address === undefined) return undefined;
  const limit = isRestart ? limits.restart : limits.replacement;
  const loss = { limit, afterwards: isRestart ? ('any' as const) : ('way' as const) };
  if (member === leader) return isPrimary(leader) ? { ...loss, role: 'primary' } : undefined;
  // What only reads can be done again, and may take hours.
  return { ...loss, role: 'replica', leaving: isRestart ? 'all' : member.address, cuts: true };
}

/** The leader of a standby cluster takes no writes, so nothing tells it from another server. */
function isPrimary(leader: Member | undefined): boolean {
  return leader !== undefined && leader.role === 'primary' && leader.state === 'running' && leader.running;
}

function withPause(step: Step, loss: Loss, pods: PoolerPod[], namespace: string): Step {
  const own = pods.filter(({ role }) => role === loss.role);
  const paused = own.filter(({ isSession }) => !isSession).map(({ name }) => name);
  const refreshed = pods
    .filter(({ role, isSession }) => step.action.type === 'switchover' && role === 'replica' && !isSession)
    .map(({ name }) => name);
  const pause: PoolerPause = { ...loss, namespace, pods: paused, refreshed };
  return {
    ...step,
    ...(own.length === 0
      ? {}
      : { clients: [...new Set(own.map(({ pooler }) => pooler))].map(noticedBy(own)) }),
    ...(paused.length + refreshed.length === 0 ? {} : { poolers: pause }),
  };
}

/** What clients of a pooler notice. */
function noticedBy(pods: PoolerPod[]): (pooler: string) => string {
  return (pooler) => {
    const own = pods.filter((pod) => pod.pooler === pooler);
    if (own.some(({ isSession }) => isSession))
      return `connections through ${pooler} end: it is in the mode session`;
    const counted = `pausing ${own.length} ${own.length === 1 ? 'pod' : 'pods'} of ${pooler}`;
    const foreign = own.find(({ image }) => !canPause(image));
    return foreign === undefined
      ? `${counted}: its clients wait`
      : `${counted}, if its image can: otherwise transactions through it fail (${foreign.image})`;
  };
}
