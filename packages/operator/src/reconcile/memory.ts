import type { BusyPoolers } from './busy-poolers.ts';
import { newCorrectionMemory, type CorrectionMemory } from './corrections.ts';
import type { Postgresql } from '@pgherd/api';
import type { IdleReplicas } from '../healing/idle-replica.ts';
import { newRoundMemory, type RoundMemory } from './database-round.ts';
import type { ApiKeys } from '../secrets/patroni-api.ts';
import { newInquiryMemory, type InquiryMemory } from './inquiry.ts';
import type { MissingPodsMemory } from './missing-pods.ts';
import type { Refusal } from './refusals.ts';
import type { Waiting } from './stalled.ts';

/**
 * What the process remembers of a cluster, to save work and words: losing it costs one more look at the database, one more
 * event, and the password of a Secret that is deleted meanwhile.
 */
export interface ClusterMemory {
  uid: string;
  /** As it was last seen: when a manifest vanishes, it tells whether the cluster goes with it. */
  manifest: Postgresql;
  /** Declared roles and databases, and the primary, that the database was last brought in line with. */
  databaseFingerprint: string | undefined;
  /** Roles that there were in the database then; undefined: it was not looked yet. */
  databaseRoles: ReadonlySet<string> | undefined;
  /** What somebody changed inside PostgreSQL by hand, a line each, until it is put right. */
  databaseDrift: string[];
  /** What PostgreSQL refused when it was tried last. */
  refusal: Refusal | undefined;
  /** Whose transactions a step waits for. */
  busyPoolers: BusyPoolers | undefined;
  round: RoundMemory;
  /** Passes in a row with failures of the kind that passes by itself. */
  transientFailures: number;
  /** Warnings that were told, so that they are told once. */
  told: Set<string>;
  /**
   * Passwords of the roles that Patroni makes, by Secret: a Secret that is deleted is made again with the same one, because
   * nothing would put another one into the database.
   */
  patroniPasswords: Map<string, string>;
  /** Contents of the Secret of Patroni's REST API when it was last seen, for the same reason. */
  apiKeys: ApiKeys | undefined;
  /** Password that PostgreSQL last let the superuser in with. */
  superuserPassword: string | undefined;
  inquiry: InquiryMemory;
  /** Replicas that make no way, and since when. */
  idle: IdleReplicas;
  corrections: CorrectionMemory;
  /** What a rolling update waits for. */
  waiting: Waiting | undefined;
  /** Pods that their controller does not make. */
  missingPods: MissingPodsMemory | undefined;
  /** Pods, by uid, that the rolling update was announced for that has not ended; undefined: none. */
  announced: readonly string[] | undefined;
}

/** Messages may name what is another each time: how many are remembered. */
const mostTold = 200;

/** Remembers that something was told; answers whether it was not before. */
export function isNews(told: Set<string>, id: string): boolean {
  if (told.has(id)) return false;
  const [oldest] = told;
  if (told.size >= mostTold && oldest !== undefined) told.delete(oldest);
  told.add(id);
  return true;
}

/** Memories by `namespace/name`; a cluster that is made again under the same name starts anew. */
export class Memories {
  readonly #clusters = new Map<string, ClusterMemory>();

  of(key: string, manifest: Postgresql): ClusterMemory {
    const uid = manifest.metadata.uid ?? '';
    const found = this.#clusters.get(key);
    if (found?.uid === uid) {
      found.manifest = manifest;
      return found;
    }
    const fresh: ClusterMemory = {
      uid,
      manifest,
      databaseFingerprint: undefined,
      databaseDrift: [],
      refusal: undefined,
      busyPoolers: undefined,
      round: newRoundMemory(),
      databaseRoles: undefined,
      transientFailures: 0,
      told: new Set(),
      patroniPasswords: new Map(),
      apiKeys: undefined,
      superuserPassword: undefined,
      inquiry: newInquiryMemory(),
      idle: new Map(),
      corrections: newCorrectionMemory(),
      waiting: undefined,
      missingPods: undefined,
      announced: undefined,
    };
    this.#clusters.set(key, fresh);
    return fresh;
  }

  /** Of a cluster that had a manifest since this process, or its watches, began. */
  find(key: string): ClusterMemory | undefined {
    return this.#clusters.get(key);
  }

  forget(key: string): void {
    this.#clusters.delete(key);
  }
}
