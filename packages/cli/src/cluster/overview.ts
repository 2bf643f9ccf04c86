import type { Condition, LastError, ScheduledStatus, StepStatus } from '@pgherd/api';

/** One member as `pgherd show` prints it. */
export interface MemberRow {
  name: string;
  /** Patroni's word; a replica that commits wait for is `sync replica`. */
  role: string;
  state: string;
  timeline?: number;
  /** Bytes behind the primary; absent when not known, 0 for the primary. */
  lagBytes?: number;
  ready: boolean;
  restarts: number;
  node: string;
  pendingRestart: boolean;
}

/** The volume of one member. */
export interface VolumeRow {
  claim: string;
  phase: string;
  size: string;
  storageClass: string;
  volume: string;
}

/** One Service, and where it leads at the moment. */
export interface EndpointRow {
  service: string;
  role: string;
  address: string;
  pods: string[];
}

/** A connection pooler. */
export interface PoolerRow {
  name: string;
  /** Which members it leads to, in the words of Services. */
  role: string;
  /** `session` or `transaction`. */
  mode: string;
  ready: number;
  pods: number;
  image: string;
  address: string;
}

/** How a user connects. The password is masked; the Secret has it. */
export interface ConnectionRow {
  user: string;
  secret: string;
  uri: string;
}

/** Everything that `pgherd show` says; `-o json` prints it as it is. */
export interface Overview {
  namespace: string;
  name: string;
  team: string;
  version: string;
  status: string;
  generation: number;
  observedGeneration?: number;
  instances: number;
  /** `synchronous`, `quorum` or `asynchronous`, as Patroni runs it now. */
  replication: string;
  members: MemberRow[];
  volumes: VolumeRow[];
  endpoints: EndpointRow[];
  poolers: PoolerRow[];
  conditions: Condition[];
  /** What the operator has still to do; the first of them. */
  steps: StepStatus[];
  /** How many steps are left in all. */
  stepsLeft: number;
  /** Maintenance mode: nobody takes over, nothing is restarted. */
  paused: boolean;
  /** What Patroni does later because somebody asked for it. */
  scheduled: ScheduledStatus[];
  /** What is wrong now; absent when nothing is. */
  lastError?: LastError;
  connections: ConnectionRow[];
}
