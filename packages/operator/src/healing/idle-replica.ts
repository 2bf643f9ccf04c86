import { isStreaming, leaderOf, serves, type Member, type Observed } from '../observe/observed.ts';

/** A replica that does not follow the primary, and makes no way either. */
export interface IdleReplica {
  /** Since when, by our clock. */
  since: number;
  /** Which run of its container, where it stands, and whom it is to follow: another one begins anew. */
  mark: string;
}

/** Idle replicas by name. */
export type IdleReplicas = ReadonlyMap<string, IdleReplica>;

/** States in which Patroni is through with what it can do by itself, or should be. */
const finalStates = ['running', 'start failed', 'crashed', 'stopped'];

/**
 * Replicas that could follow and do not, as they were before and as they are now. While no primary serves nobody can
 * follow, so nobody is idle. One that replays an archive, copies, starts or rewinds makes its way.
 */
export function idleReplicas(observed: Observed, before: IdleReplicas, now: number): IdleReplicas {
  if (!serves(observed)) return new Map();
  const leader = leaderOf(observed);
  const idle = observed.members.filter((member) => member !== leader && isIdle(observed, member));
  return new Map(
    idle.map((member) => {
      const mark = `${markOf(member)} after ${leader?.name ?? ''} ${leader?.timeline ?? ''}`;
      const known = before.get(member.name);
      // A clock that was set back begins anew.
      const isKnown = known?.mark === mark && known.since <= now;
      return [member.name, isKnown ? known : { since: now, mark }];
    }),
  );
}

function isIdle(observed: Observed, member: Member): boolean {
  if (!member.running || isStreaming(observed, member)) return false;
  // Another replica's follower, or one that is to stay behind, is as somebody wants it.
  if (member.tags['nostream'] === true) return false;
  return member.state !== undefined && finalStates.includes(member.state);
}

function markOf({ pod, state, location, timeline }: Member): string {
  const container = pod.status?.containerStatuses?.find(({ name }) => name === 'postgres')?.containerID;
  return [pod.metadata.uid, container, state, timeline, location].join(' ');
}
