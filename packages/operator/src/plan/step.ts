import type { KubeObject } from '@pgherd/kube/objects';
import type { DiskChange } from '../disks/disk.ts';
import type { Kind, Owner } from '../kinds.ts';
import type { PoolerPause } from '../poolers/pause.ts';
import type { TakeOver } from './taken-over.ts';

/** How much a step disturbs those who use the database, from not at all to not available. */
export type Disturbance = 'nothing' | 'reload' | 'restart' | 'switchover' | 'downtime';

/** What a step does, as data: the plan prints it, the executor carries it out. */
export type Action =
  /**
   * Server-side apply; makes the object when it does not exist. Before that, fields of others become ours. With an
   * `owner` it fails when the object exists and belongs to another cluster.
   */
  | {
      type: 'apply';
      kind: Kind;
      object: KubeObject;
      takeOver?: TakeOver;
      owner?: Owner;
      /** None of ours was there: one that exists is foreign, and stays as it is. */
      isNew?: true;
    }
  /**
   * Makes the object only when it does not exist. An existing one stays as it is; but a Secret with an `owner` gets its
   * labels, if it is no other cluster's.
   */
  | { type: 'create'; kind: Kind; object: KubeObject; owner?: Owner }
  | {
      type: 'delete';
      kind: Kind;
      namespace: string;
      name: string;
      uid: string;
      /** Leave dependents alone: the object is made again around them by the next pass. */
      orphan?: boolean;
      /** Address of a PostgreSQL that goes with it, and writes what it has to before. */
      checkpoint?: string;
    }
  /** JSON merge patch of exactly this version of the object. */
  | { type: 'patch'; kind: Kind; namespace: string; name: string; patch: Record<string, unknown> }
  /** Hands the leader lock over through Patroni. */
  | {
      type: 'switchover';
      leader: string;
      candidate: string;
      leaderAddress: string;
      candidateAddress: string;
      /** In bytes of write-ahead log: the candidate is refused when it is further behind at that moment. */
      maximumLag: number;
    }
  /** Merges into Patroni's dynamic configuration; `applied` are the keys that the manifest sets from now on. */
  | { type: 'configure'; address: string; patch: Record<string, unknown>; applied: string[] }
  /** Restarts PostgreSQL of one member, because a changed parameter waits for it. */
  | {
      type: 'restart';
      member: string;
      address: string;
      /** Its own address again, when it is to write before it stops what the stop would have to. */
      checkpoint?: string;
      /** Address of the primary, when the member must first have replayed all that it has written. */
      follows?: string;
    }
  /** Throws a replica's data away and has it copied again; `note`: annotations of its pod, written before. */
  | {
      type: 'rebuild';
      member: string;
      address: string;
      leader: string;
      leaderAddress: string;
      note: Record<string, string>;
    }
  /** Roles and databases of the manifest over SQL. */
  | { type: 'sql'; address: string; leader: string; fingerprint: string }
  /** Changes a disk through Amazon's API. */
  | { type: 'disk'; disk: string; change: DiskChange }
  /** Makes the file system of a member's data volume as large as its disk, from within its pod. */
  | { type: 'file-system'; pod: string };

/** One step of a plan: what, why, and how much it disturbs. */
export interface Step {
  /** e.g. `replace pod acid-demo-1`. */
  what: string;
  /** Reasons, most of them field changes; never with a secret in it. */
  why: string[];
  disturbs: Disturbance;
  action: Action;
  /** Statements, without secrets, when they are known before they are carried out. */
  sql?: string[];
  /** What must come true first. The executor does not go past it; whatever makes it true starts the next pass. */
  waitFor?: string;
  /** What it waits for is somebody's decision, and no trouble however long it takes. */
  isHeld?: true;
  /**
   * It waits for a maintenance window, or for a disk that cannot be changed yet (`DiskNotReady`), and nothing is wrong
   * meanwhile: the cluster counts as running. `at`: milliseconds since 1970, when that is known.
   */
  postponed?: { at?: number; because?: 'DiskNotReady' };
  /**
   * Its node is about to go, which no operator can put off. `orderly`: windows are waited for; `urgent`: they are not.
   */
  drain?: 'orderly' | 'urgent';
  /** Parameters that this restart of PostgreSQL is for, as far as they are known by name. */
  takesIn?: readonly string[];
  /** What clients of poolers notice, a line for each pooler that loses a server. */
  clients?: string[];
  /** Poolers that are paused meanwhile. */
  poolers?: PoolerPause;
  /** After this step the world has to be looked at again before the next one. */
  observeAfter?: boolean;
}

/** Steps that must happen in order. Tracks do not wait for each other: broken SQL must not hold up a repair of pods. */
export interface Track {
  name: 'objects' | 'volumes' | 'pods' | 'replicas' | 'configuration' | 'database' | 'deletion';
  steps: Step[];
}

/** What is to be done for one cluster. Empty tracks are left out; no tracks means nothing to do. */
export interface Plan {
  tracks: Track[];
}

/** All steps of a plan in the order in which they are printed. */
export function stepsOf(plan: Plan): Step[] {
  return plan.tracks.flatMap((track) => track.steps);
}
