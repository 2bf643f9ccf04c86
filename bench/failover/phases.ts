import type { Endpoints, Pod } from '@pgherd/kube/objects';
import type { Seen } from './observer.ts';

/**
 * What happened when, in milliseconds after the fault. Absent: it was not seen, or did not happen. Objects: when a watch
 * of the API server told of it. PostgreSQL: by the times of its own log.
 */
export interface Phases {
  /** The status of the pod says that the primary's container has ended. */
  ended?: number;
  /** Its lock says that nobody leads. */
  cleared?: number;
  /** Its lock names whoever leads afterwards. */
  taken?: number;
  /** The new primary's PostgreSQL was told to promote. */
  promoting?: number;
  /** Its PostgreSQL has ended its recovery. */
  promoted?: number;
  /** The pod of the new primary has the role's label. */
  labelled?: number;
  /** The primary's Service leads to it. */
  served?: number;
  /** The client's first write that was acknowledged; with many clients: the transaction that waited longest. */
  written?: number;
}

/** What is known of one fault. */
export interface Course {
  cluster: string;
  /** Milliseconds since 1970. */
  faultAt: number;
  writtenAt: number;
  /** Pods that led before and after; the same one: it came back. */
  before: string;
  after: string;
  /** Address of the latter. */
  address: string;
  /** Id of the container that led before. */
  container: string;
  /** Label of the primary. */
  roleLabel: string;
  seen: readonly Seen[];
  /** Lines of the new primary's log, as CSV. */
  log: readonly string[];
}

/** What the objects and the log tell. */
export function phasesOf(course: Course): Phases {
  const { cluster, faultAt, writtenAt, before, after, seen, log } = course;
  const later = seen.filter(({ at }) => at >= faultAt);
  const first = (is: (seen: Seen) => boolean): number | undefined => later.find(is)?.at;
  const logged = (message: string): number | undefined =>
    log
      .filter((line) => line.includes(message))
      .map(timeOfLine)
      .find((at) => at >= faultAt && at <= writtenAt);
  const isAnother = before !== after;
  const times: Record<keyof Phases, number | undefined> = {
    ended: first((seen) => seen.kind === 'pod' && seen.name === before && hasEnded(seen, course)),
    cleared: first((seen) => leaderIn(seen, cluster) === ''),
    taken: isAnother ? first((seen) => leaderIn(seen, cluster) === after) : undefined,
    promoting: isAnother ? logged('received promote request') : undefined,
    // One that is promoted lets sessions write before the postmaster says that it is ready.
    promoted: logged(isAnother ? 'archive recovery complete' : 'database system is ready to accept'),
    labelled: isAnother ? first((seen) => isLabelled(seen, course)) : undefined,
    served: isAnother ? first((seen) => leadsTo(seen, course)) : undefined,
    written: writtenAt,
  };
  const known = Object.entries(times).filter(([, at]) => at !== undefined && at <= writtenAt + 5_000);
  return Object.fromEntries(known.map(([phase, at]) => [phase, Math.round(Number(at) - faultAt)]));
}

function hasEnded({ object }: Seen, { container }: Course): boolean {
  const status = (object as Pod).status?.containerStatuses?.find(({ name }) => name === 'postgres');
  const ends = [status?.state?.terminated, status?.lastState?.terminated];
  return ends.some((end) => end?.containerID === container);
}

/** Who leads by the lock; empty: nobody, undefined: it is no lock. */
function leaderIn({ kind, name, object }: Seen, cluster: string): string | undefined {
  const annotations = object.metadata.annotations;
  // Both kinds carry how long a lease lasts; the primary's Endpoints of a cluster with ConfigMaps do not.
  if (annotations?.['ttl'] === undefined) return undefined;
  const isLock =
    (kind === 'endpoints' && name === cluster) || (kind === 'configmap' && name === `${cluster}-leader`);
  return isLock ? (annotations['leader'] ?? '') : undefined;
}

function isLabelled({ kind, name, object }: Seen, { after, roleLabel }: Course): boolean {
  return kind === 'pod' && name === after && object.metadata.labels?.[roleLabel] === 'master';
}

function leadsTo({ kind, name, object }: Seen, { cluster, address }: Course): boolean {
  if (kind !== 'endpoints' || name !== cluster) return false;
  const addresses = (object as Endpoints).subsets?.flatMap(({ addresses = [] }) => addresses) ?? [];
  return addresses.some(({ ip }) => ip === address);
}

/** First column of PostgreSQL's CSV log: `2026-01-31 10:00:00.123 UTC`. */
function timeOfLine(line: string): number {
  const [, day = '', time = ''] = /^(\S+) (\S+) UTC,/.exec(line) ?? [];
  return Date.parse(`${day}T${time}Z`);
}
