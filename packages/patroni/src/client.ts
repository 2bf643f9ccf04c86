import {
  type HttpAnswer,
  type HttpRequest,
  PatroniError,
  type RestAccess,
  type SendHttp,
  sendHttp,
} from './http.ts';
import { type JsonObject, numberOf, parseObject, stringOf } from './json.ts';
import { scheduleOf } from './member.ts';

/** One member in the answer of `GET /cluster`. */
export interface ClusterMember {
  name: string;
  /** `leader`, `standby_leader`, `replica`, `sync_standby`, `quorum_standby`. */
  role: string;
  state: string;
  host?: string;
  port?: number;
  apiUrl?: string;
  timeline?: number;
  /** Bytes behind the leader; undefined when Patroni does not know. */
  lag?: number;
  pendingRestart: boolean;
  /** When PostgreSQL of it is to be restarted, as it was asked for: ISO 8601; missing when nobody asked. */
  scheduledRestart?: string;
  tags: JsonObject;
}

/** Answer of `GET /cluster`. */
export interface ClusterView {
  members: ClusterMember[];
  /** Maintenance mode: Patroni changes nothing by itself. */
  paused: boolean;
  scheduledSwitchover?: { at?: string; from?: string; to?: string };
}

/** Answer of `GET /patroni`: what this member says of itself. */
export interface MemberView {
  state: string;
  role: string;
  /** E.g. 170011; missing when PostgreSQL does not run. */
  serverVersion?: number;
  timeline?: number;
  /** Position in the write-ahead log, in bytes: written (primary) or replayed (replica). */
  location?: number;
  /** When PostgreSQL was started, as Patroni words it; missing when it does not run. */
  startedAt?: string;
  /** Replicas only: `streaming` or `in archive recovery`. */
  replicationState?: string;
  pendingRestart: boolean;
  /** When it is to be restarted, as it was asked for: ISO 8601; missing when nobody asked. */
  scheduledRestart?: string;
  paused: boolean;
  /** Who is connected to stream from this member now, from `pg_stat_replication`. */
  replication: ReplicationView[];
  /** The answer as it came. */
  raw: JsonObject;
}

/** One entry of `replication` in the answer of `GET /patroni`. */
export interface ReplicationView {
  /** The member's name; `pg_basebackup` while a copy is taken. */
  applicationName: string;
  /** Address that the connection comes from; missing for one over a Unix socket. */
  clientAddress?: string;
  /** `startup`, `catchup`, `streaming`, `backup`, `stopping`. */
  state: string;
}

export interface SwitchoverRequest {
  /** Pod that is primary now. */
  leader: string;
  /** Pod that becomes primary; Patroni chooses when it is missing. */
  candidate?: string;
  /** ISO 8601 with time zone; at once when it is missing. */
  scheduledAt?: string;
}

export interface RestartRequest {
  /** Only restart when a parameter waits for it. */
  restartPending?: boolean;
  /** ISO 8601 with time zone; at once when it is missing. */
  schedule?: string;
  /** Seconds to wait for PostgreSQL to accept connections again. */
  timeoutSeconds?: number;
}

/**
 * How long PostgreSQL may take to start after a restart that was planned, in seconds: Patroni's own default of
 * `primary_start_timeout`, however short that is for crashes. Until then no other member takes over.
 */
export const plannedStartSeconds = 300;

/** Patroni's REST API on one member. Every call throws `PatroniError`. */
export interface PatroniClient {
  /** Reads. */
  patroni(): Promise<MemberView>;
  cluster(): Promise<ClusterView>;
  config(): Promise<JsonObject>;
  /** Changes the dynamic configuration: merged, `null` removes a key. Answers the new configuration. */
  patchConfig(patch: JsonObject): Promise<JsonObject>;
  /** Moves the primary, and waits for it unless it is scheduled. Answers what Patroni says. */
  switchover(request: SwitchoverRequest): Promise<string>;
  /**
   * Makes `candidate` the primary whether or not there is one that could hand over, and waits for it for about 20 s; then
   * it fails with status 503 and Patroni goes on. Of synchronous mode Patroni asks nothing here.
   */
  failover(candidate: string): Promise<string>;
  /** Takes back a scheduled switchover. Status 404 when none is scheduled. */
  cancelSwitchover(): Promise<string>;
  /** Takes back this member's scheduled restart. Status 404 when none is scheduled. */
  cancelRestart(): Promise<string>;
  /** Restarts PostgreSQL (not Patroni) of this member, and waits for it unless it is scheduled. */
  restart(request?: RestartRequest): Promise<string>;
  /** Throws this replica's data away and copies it from the leader again. Answers at once. */
  reinitialize(options?: { force?: boolean }): Promise<string>;
  /** Reads Patroni's configuration file again. */
  reload(): Promise<string>;
  /**
   * Lets this member run its loop now instead of within `loop_wait` (10 s). Never fails: without an answer the loop
   * runs when it would have anyway.
   */
  wakeUp(): Promise<void>;
}

export interface PatroniClientOptions {
  /** Default 8008. */
  port?: number;
  /** Limit of a call that reads or is quick. Default 5 s. */
  timeoutMs?: number;
  /** Limit of a switchover or restart, which answer when they are done. Default 60 s. */
  actionTimeoutMs?: number;
  send?: SendHttp;
  /** Asked for each call: how a protected API is spoken to; undefined for one that is not. What it throws, the call does. */
  access?: () => RestAccess | undefined;
}

/** Client of the member whose pod has the address `host`. */
export function patroniClient(host: string, options: PatroniClientOptions = {}): PatroniClient {
  const { port = 8008, timeoutMs = 5000, actionTimeoutMs = 60_000, send = sendHttp } = options;

  const call = async (
    method: HttpRequest['method'],
    path: string,
    body?: JsonObject,
    limit = timeoutMs,
  ): Promise<string> => {
    const access = options.access?.();
    const answer: HttpAnswer = await send({
      method,
      host,
      port,
      path,
      timeoutMs: limit,
      ...(access === undefined ? {} : { access }),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const said = answer.body.trim().slice(0, 300);
    throw new PatroniError(
      `${method} ${path} on ${host}: Patroni answered ${answer.status}: ${said}`,
      answer.status,
    );
  };

  const callForObject = async (
    method: HttpRequest['method'],
    path: string,
    body?: JsonObject,
  ): Promise<JsonObject> => {
    const parsed = parseObject(await call(method, path, body));
    if (!parsed) throw new PatroniError(`${method} ${path} on ${host}: the answer is not a JSON object`);
    return parsed;
  };

  return {
    patroni: async () => memberView(await callForObject('GET', '/patroni')),
    cluster: async () => clusterView(await callForObject('GET', '/cluster')),
    config: () => callForObject('GET', '/config'),
    patchConfig: (patch) => callForObject('PATCH', '/config', patch),
    switchover: ({ leader, candidate, scheduledAt }) =>
      call(
        'POST',
        '/switchover',
        {
          leader,
          ...(candidate !== undefined ? { candidate } : {}),
          ...(scheduledAt !== undefined ? { scheduled_at: scheduledAt } : {}),
        },
        actionTimeoutMs,
      ),
    failover: (candidate) => call('POST', '/failover', { candidate }, actionTimeoutMs),
    cancelSwitchover: () => call('DELETE', '/switchover'),
    cancelRestart: () => call('DELETE', '/restart'),
    restart: ({ restartPending, schedule, timeoutSeconds } = {}) =>
      call(
        'POST',
        '/restart',
        {
          ...(restartPending !== undefined ? { restart_pending: restartPending } : {}),
          ...(schedule !== undefined ? { schedule } : {}),
          ...(timeoutSeconds !== undefined ? { timeout: timeoutSeconds } : {}),
        },
        actionTimeoutMs,
      ),
    reinitialize: ({ force = false } = {}) => call('POST', '/reinitialize', { force }),
    reload: () => call('POST', '/reload', {}),
    wakeUp: async () => {
      try {
        // Patroni runs its loop after every request to change its configuration, even one that changes nothing.
        await call('PATCH', '/config', { pgherd_wake_up: null });
      } catch {
        // As documented.
      }
    },
  };
}

function memberView(raw: JsonObject): MemberView {
  const xlog = (raw['xlog'] ?? {}) as JsonObject;
  const view: MemberView = {
    state: stringOf(raw['state']) ?? 'unknown',
    role: stringOf(raw['role']) ?? 'unknown',
    pendingRestart: raw['pending_restart'] === true,
    paused: raw['pause'] === true,
    replication: Array.isArray(raw['replication']) ? raw['replication'].flatMap(replicationView) : [],
    raw,
  };
  const serverVersion = numberOf(raw['server_version']);
  if (serverVersion !== undefined) view.serverVersion = serverVersion;
  const timeline = numberOf(raw['timeline']);
  if (timeline !== undefined) view.timeline = timeline;
  const startedAt = stringOf(raw['postmaster_start_time']);
  if (startedAt !== undefined) view.startedAt = startedAt;
  const replicationState = stringOf(raw['replication_state']);
  if (replicationState !== undefined) view.replicationState = replicationState;
  const scheduledRestart = scheduleOf(raw['scheduled_restart']);
  if (scheduledRestart !== undefined) view.scheduledRestart = scheduledRestart;
  const location = numberOf(xlog['location'] ?? xlog['replayed_location'] ?? xlog['received_location']);
  if (location !== undefined) view.location = location;
  return view;
}

function replicationView(raw: unknown): ReplicationView[] {
  if (typeof raw !== 'object' || raw === null) return [];
  const entry = raw as JsonObject;
  const clientAddress = stringOf(entry['client_addr']);
  return [
    {
      applicationName: stringOf(entry['application_name']) ?? '',
      ...(clientAddress === undefined ? {} : { clientAddress }),
      state: stringOf(entry['state']) ?? 'unknown',
    },
  ];
}

function clusterView(raw: JsonObject): ClusterView {
  const members = Array.isArray(raw['members']) ? (raw['members'] as JsonObject[]) : [];
  const view: ClusterView = { members: members.map(clusterMember), paused: raw['pause'] === true };
  const scheduled = raw['scheduled_switchover'];
  if (typeof scheduled === 'object' && scheduled !== null) view.scheduledSwitchover = scheduled;
  return view;
}

function clusterMember(raw: JsonObject): ClusterMember {
  const member: ClusterMember = {
    name: stringOf(raw['name']) ?? '',
    role: stringOf(raw['role']) ?? 'unknown',
    state: stringOf(raw['state']) ?? 'unknown',
    pendingRestart: raw['pending_restart'] === true,
    tags: (raw['tags'] ?? {}) as JsonObject,
  };
  const host = stringOf(raw['host']);
  if (host !== undefined) member.host = host;
  const apiUrl = stringOf(raw['api_url']);
  if (apiUrl !== undefined) member.apiUrl = apiUrl;
  const scheduled = scheduleOf(raw['scheduled_restart']);
  if (scheduled !== undefined) member.scheduledRestart = scheduled;
  for (const field of ['port', 'timeline', 'lag'] as const) {
    const value = numberOf(raw[field]);
    if (value !== undefined) member[field] = value;
  }
  return member;
}
