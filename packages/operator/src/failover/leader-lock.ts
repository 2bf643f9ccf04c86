import type { KubeObject } from '@pgherd/kube/objects';
import { parseLeader } from '@pgherd/patroni';

/** Patroni's leader record as one read of the API server gave it. */
export interface LeaderLock {
  /** Name of the pod that holds it. */
  leader: string;
  /** Version that was read: whoever renews the lock afterwards makes another one. */
  resourceVersion: string;
  /** Whole seconds since 1970 in which the holder wrote it last, by the clock of the holder's node. */
  renewedIn: number;
  /** Whole seconds since 1970 in which the holder's term began, by the same clock. */
  acquiredIn: number;
  /** Seconds after the last renewal in which Patroni lets the lock run out. */
  ttl: number;
  /** Position in the write-ahead log that the holder published with it, in bytes. */
  location: number | undefined;
  /** Address that Services lead to, which the holder writes in the same object; only where it is Endpoints. */
  address: string | undefined;
  /** `metadata.uid` of the pod that wrote that address; only where it is Endpoints. */
  podUid: string | undefined;
}

/** Endpoints as far as they are looked at. */
type MaybeEndpoints = KubeObject & {
  subsets?: { addresses?: { ip?: string; targetRef?: { uid?: string } }[] }[];
};

/** The lock in Patroni's leader object; undefined when nobody holds it, or for one that no Patroni wrote. */
export function leaderLockOf(object: KubeObject | undefined): LeaderLock | undefined {
  const { leader, ttl, renewTime, acquireTime, optime } = parseLeader(object?.metadata.annotations);
  const { resourceVersion } = object?.metadata ?? {};
  const [renewedIn, acquiredIn] = [secondOf(renewTime), secondOf(acquireTime)];
  if (leader === undefined || resourceVersion === undefined) return undefined;
  if (renewedIn === undefined || acquiredIn === undefined) return undefined;
  const [address] = (object as MaybeEndpoints).subsets?.flatMap(({ addresses = [] }) => addresses) ?? [];
  return {
    leader,
    resourceVersion,
    renewedIn,
    acquiredIn,
    ttl: ttl ?? 30,
    location: optime,
    address: address?.ip,
    podUid: address?.targetRef?.uid,
  };
}

/** Whole seconds since 1970, cut off; undefined for what is no time. */
export function secondOf(time: string | undefined): number | undefined {
  const milliseconds = Date.parse(time ?? '');
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}
