import type { Lease } from '../objects/index.ts';

/** Kubernetes' MicroTime: RFC 3339 with six digits. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** Who holds a lease, as last seen; `seenAt` is our own clock, since the holder's may be wrong. */
export interface Observed {
  lease: Lease;
  seenAt: number;
}

/**
 * Keeps the time of the first sight of a state: only a lease that was not renewed for its duration by our clock is free.
 * When our clock was set back, it is as if the state were seen for the first time.
 */
export function observe(previous: Observed | undefined, lease: Lease, now: number): Observed {
  const before = previous?.lease.metadata.resourceVersion;
  const isKnown = previous !== undefined && before === lease.metadata.resourceVersion;
  return isKnown && previous.seenAt <= now ? previous : { lease, seenAt: now };
}

/** May `identity` write itself into the lease? */
export function isFree({ lease, seenAt }: Observed, identity: string, now: number): boolean {
  const { holderIdentity, leaseDurationSeconds = 0 } = lease.spec ?? {};
  return !holderIdentity || holderIdentity === identity || seenAt + leaseDurationSeconds * 1000 < now;
}

/** The lease after `identity` took or renewed it. */
export function taken(lease: Lease, identity: string, durationMs: number, now: number): Lease {
  const renewing = lease.spec?.holderIdentity === identity;
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      renewTime: microTime(now),
      acquireTime: renewing ? (lease.spec?.acquireTime ?? microTime(now)) : microTime(now),
      leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + (renewing ? 0 : 1),
    },
  };
}

/** The lease after its holder gave it up: free at once. */
export const released = (lease: Lease, now: number): Lease => ({
  ...lease,
  spec: {
    ...lease.spec,
    holderIdentity: '',
    leaseDurationSeconds: 1,
    renewTime: microTime(now),
    acquireTime: microTime(now),
  },
});
