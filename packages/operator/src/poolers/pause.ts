import type { PoolerRole } from './running-poolers.ts';

/** Poolers of which clients wait while a step is carried out, instead of failing. */
export interface PoolerPause {
  namespace: string;
  /** Poolers of which all pods are paused. */
  paused: string[];
  role: PoolerRole;
  /** Seconds after which each pod ends the pause by itself, whatever the servers do. */
  limit: number;
  /** Address of a replica that goes away with the step, `all` when it comes back with the same; absent: a primary. */
  leaving?: string;
  /**
   * When the step is done: `another` server is there, `any` will do again, or it is only on its `way`, and nobody waits
   * for it.
   */
  afterwards: 'another' | 'any' | 'way';
  /** Poolers of the replicas that connect anew afterwards, because their server may be the primary then. */
  refreshed: string[];
  /** Transactions that do not end in time are cut by the step; absent: then it is not done now. */
  cuts?: true;
}
