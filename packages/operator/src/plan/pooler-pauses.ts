import { kinds } from '../kinds.ts';
import { leaderOf, type Member, type Observed } from '../observe/observed.ts';
import type { PoolerPause } from '../poolers/pause.ts';
import {
  canPause,
  observedPoolers,
  type PoolerRole,
  type RunningPooler,
} from '../poolers/running-poolers.ts';
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
  const running = observedPoolers(observed);
  if (running.length === 0) return tracks;
  return tracks.map((track) => {
    let leader = leaderOf(observed);
    const steps = track.steps.map((step) => {
      const loss = lossOf(step, observed, leader);
      if (step.action.type === 'switchover') leader = undefined;
      return loss === undefined ? step : withPause(step, loss, running, observed.namespace);
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

function withPause(step: Step, loss: Loss, running: RunningPooler[], namespace: string): Step {
  const clients = noticedBy(running, loss.role);
  const poolers = pauseFor(loss, running, namespace);
  return {
    ...step,
    ...(clients.length === 0 ? {} : { clients }),
    ...(poolers === undefined ? {} : { poolers }),
  };
}

/** Undefined when nobody can be helped. */
function pauseFor(loss: Loss, running: RunningPooler[], namespace: string): PoolerPause | undefined {
  const namesOf = (role: PoolerRole) =>
    running.filter((pooler) => pooler.role === role && !pooler.isSession).map(({ name }) => name);
  const paused = namesOf(loss.role);
  const refreshed = loss.afterwards === 'another' ? namesOf('replica') : [];
  return paused.length + refreshed.length === 0 ? undefined : { ...loss, namespace, paused, refreshed };
}

/** What a person's own switchover or restart of the primary takes away: transactions that do not end are cut. */
export function pauseForPerson(
  verb: 'switchover' | 'restart',
  running: RunningPooler[],
  namespace: string,
): { poolers: PoolerPause | undefined; clients: string[] } {
  const afterwards = verb === 'switchover' ? 'another' : 'any';
  const loss: Loss = { role: 'primary', limit: limits[verb], afterwards, cuts: true };
  return { poolers: pauseFor(loss, running, namespace), clients: noticedBy(running, 'primary') };
}

/** What clients notice, a line for each pooler. */
function noticedBy(running: RunningPooler[], role: PoolerRole): string[] {
  return running
    .filter((pooler) => pooler.role === role)
    .map(({ name, pods, isSession, image }) => {
      if (isSession) return `connections through ${name} end: it is in the mode session`;
      const counted = `pausing ${pods} ${pods === 1 ? 'pod' : 'pods'} of ${name}`;
      return canPause(image)
        ? `${counted}: its clients wait`
        : `${counted}, if its image can: otherwise transactions through it fail (${image})`;
    });
}
