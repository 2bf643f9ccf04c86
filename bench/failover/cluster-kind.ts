/** How the clusters are set that the scenes are played on: what differs from the minimal manifest. */
export const clusterKinds = {
  synchronous: { patroni: { synchronous_mode: true } },
  quorum: { patroni: { synchronous_mode: true, synchronous_mode_quorum: true } },
  asynchronous: {},
  pooled: { patroni: { synchronous_mode: true }, enableConnectionPooler: true },
  /** Opt-in: a lost node is replaced sooner, and a slow API server is forgiven less. */
  quick: { patroni: { synchronous_mode: true, ttl: 20, loop_wait: 5, retry_timeout: 5 } },
} as const satisfies Record<string, object>;

export type ClusterKind = keyof typeof clusterKinds;

/** Whether a commit waits for a replica. */
export function isSynchronous(kind: ClusterKind): boolean {
  return kind !== 'asynchronous';
}

/**
 * Of how many replicas Patroni has noted that they are synchronous, when nothing is left of what was done to a cluster of
 * three. In quorum mode it takes the second one in some loops later.
 */
export function notedBy(kind: ClusterKind): number {
  if (kind === 'quorum') return 2;
  return isSynchronous(kind) ? 1 : 0;
}
