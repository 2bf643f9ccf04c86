import { type JsonObject, numberOf, parseJson, parseObject } from './json.ts';

/** Where Patroni keeps its state in Kubernetes. */
export type PatroniStore = 'endpoints' | 'configmaps';

type Annotations = Record<string, string> | undefined;

/** Names of the objects that Patroni keeps its state in; they are Endpoints or ConfigMaps. */
export interface PatroniObjectNames {
  leader: string;
  config: string;
  failover: string;
  sync: string;
}

/** Names of Patroni's objects for the cluster (Patroni says scope) `scope`. */
export function patroniObjectNames(scope: string, store: PatroniStore): PatroniObjectNames {
  return {
    // With Endpoints the lock lives in the Endpoints of the primary's Service.
    leader: store === 'endpoints' ? scope : `${scope}-leader`,
    config: `${scope}-config`,
    failover: `${scope}-failover`,
    sync: `${scope}-sync`,
  };
}

/**
 * Who holds the leader lock of a store that the cluster has moved out of: no pod can be called so, and no Patroni that
 * still looks there takes the lock or becomes primary.
 */
export const movedLeader: Record<PatroniStore, string> = {
  endpoints: '(moved to Endpoints)',
  configmaps: '(moved to ConfigMaps)',
};

/** Where the cluster has moved to, as its leader object says; undefined: it has not. */
export function movedTo(annotations: Annotations): PatroniStore | undefined {
  const { leader } = annotations ?? {};
  if (leader === movedLeader.endpoints) return 'endpoints';
  return leader === movedLeader.configmaps ? 'configmaps' : undefined;
}

/** The leader lock and what the leader writes beside it. */
export interface LeaderState {
  /** Pod that holds the lock; missing when nobody does. Not whether the lock has expired. */
  leader?: string;
  /** Seconds after the last renewal at which the lock is lost. */
  ttl?: number;
  /** Time of the last renewal, by the leader's clock. */
  renewTime?: string;
  acquireTime?: string;
  /** How often the leader changed. */
  transitions?: number;
  /** The leader's position in the write-ahead log, in bytes. */
  optime?: number;
  /** Position of each replication slot, in bytes. */
  slots: Record<string, number>;
  /** REST API of each member that may vote in failsafe mode. */
  failsafe?: Record<string, string>;
}

/** Reads the annotations of the leader object. */
export function parseLeader(annotations: Annotations): LeaderState {
  const { leader, ttl, renewTime, acquireTime, transitions, optime, slots, failsafe } = annotations ?? {};
  const state: LeaderState = { slots: {} };
  if (leader !== undefined && leader !== '') state.leader = leader;
  const seconds = numberOf(ttl);
  if (seconds !== undefined) state.ttl = seconds;
  if (renewTime !== undefined) state.renewTime = renewTime;
  if (acquireTime !== undefined) state.acquireTime = acquireTime;
  const count = numberOf(transitions);
  if (count !== undefined) state.transitions = count;
  const location = numberOf(optime);
  if (location !== undefined) state.optime = location;
  for (const [name, position] of Object.entries(parseObject(slots) ?? {})) {
    const bytes = numberOf(position);
    if (bytes !== undefined) state.slots[name] = bytes;
  }
  const voters = parseObject(failsafe);
  if (voters)
    state.failsafe = Object.fromEntries(Object.entries(voters).map(([name, url]) => [name, String(url)]));
  return state;
}

/** One change of timeline. */
export interface HistoryEntry {
  timeline: number;
  /** Position at which the timeline ended, in bytes. */
  location: number;
  reason: string;
  timestamp?: string;
  /** Pod that became leader. */
  leader?: string;
}

/** What the object `SCOPE-config` says. */
export interface ConfigState {
  /** `none`: nobody has begun · `running`: a member is at it · `done`. */
  bootstrap: 'none' | 'running' | 'done';
  /** PostgreSQL's system identifier, once the cluster is bootstrapped. */
  systemIdentifier?: string;
  /** Patroni's dynamic configuration; missing until it is written, or when it is not readable. */
  config?: JsonObject;
  history: HistoryEntry[];
}

/** Reads the annotations of the object `SCOPE-config`. */
export function parseConfig(annotations: Annotations): ConfigState {
  const { initialize, config, history } = annotations ?? {};
  const state: ConfigState = {
    bootstrap: initialize === undefined ? 'none' : initialize === '' ? 'running' : 'done',
    history: parseHistory(parseJson(history)),
  };
  if (initialize) state.systemIdentifier = initialize;
  const dynamic = parseObject(config);
  if (dynamic) state.config = dynamic;
  return state;
}

/** Reads the list of lists that Patroni calls history; entries that it cannot read are left out. */
export function parseHistory(value: unknown): HistoryEntry[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown): HistoryEntry[] => {
    if (!Array.isArray(entry)) return [];
    const [timeline, location, reason, timestamp, leader] = entry as unknown[];
    if (typeof timeline !== 'number' || typeof location !== 'number') return [];
    return [
      {
        timeline,
        location,
        reason: typeof reason === 'string' ? reason : '',
        ...(typeof timestamp === 'string' ? { timestamp } : {}),
        ...(typeof leader === 'string' ? { leader } : {}),
      },
    ];
  });
}

/** What the object `SCOPE-sync` says. */
export interface SyncState {
  leader?: string;
  /** Pods that are synchronous, or that may vote in quorum mode. */
  standbys: string[];
  /** How many of `standbys` must confirm a commit, in quorum mode. */
  quorum?: number;
}

/** Reads the annotations of the object `SCOPE-sync`. */
export function parseSync(annotations: Annotations): SyncState {
  const { leader, sync_standby: standbys, quorum } = annotations ?? {};
  const state: SyncState = { standbys: standbys ? standbys.split(',') : [] };
  if (leader) state.leader = leader;
  const votes = numberOf(quorum);
  if (votes !== undefined) state.quorum = votes;
  return state;
}

/** What the object `SCOPE-failover` says: a switchover or failover that is asked for. */
export interface FailoverState {
  leader?: string;
  candidate?: string;
  scheduledAt?: string;
}

/** Reads the annotations of the object `SCOPE-failover`; undefined when nothing is asked for. */
export function parseFailover(annotations: Annotations): FailoverState | undefined {
  const { leader, member, scheduled_at: scheduledAt } = annotations ?? {};
  if (!leader && !member && !scheduledAt) return undefined;
  return {
    ...(leader ? { leader } : {}),
    ...(member ? { candidate: member } : {}),
    ...(scheduledAt ? { scheduledAt } : {}),
  };
}
