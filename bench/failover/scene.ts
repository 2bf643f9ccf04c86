import type { Cluster } from './cluster.ts';
import type { ClusterKind } from './cluster-kind.ts';

/** A fault or a planned change, and what is hoped for. */
export interface Scene {
  /** As `--scenes` takes it and as samples carry it. */
  id: string;
  title: string;
  /** Seconds without an acknowledged write, or of waiting for one transaction. */
  goal: { p50?: number; p99: number };
  /** What cluster it is played on. */
  kind: ClusterKind;
  /** Measurements that are wanted of pgherd with the first store and delay; of the rest a share of them. */
  wanted: number;
  /**
   * Patroni looks every `loop_wait`: what follows depends on when it did so last. A pause of random length comes before.
   */
  anyMoment?: true;
  /** How it is measured: by one writer and its longest pause, or by pgbench with 200 clients. */
  client: 'direct' | 'pooler' | 'pgbench';
  /** Needs several nodes. */
  isAboutNodes?: true;
  /** Brings the cluster into the state before the fault; it is waited for until it is whole again. */
  prepare?(cluster: Cluster): Promise<void>;
  /**
   * Does it, and returns when it has begun (`pgbench`: when it is over); the client sees the rest. Answers its moment,
   * milliseconds since 1970; nothing: that of the call.
   */
  act(cluster: Cluster): Promise<number | void>;
  /** Brings back what it took away; nobody measures any more. */
  heal?(cluster: Cluster): Promise<void>;
}
