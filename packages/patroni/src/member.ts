import { type JsonObject, numberOf, parseObject, stringOf } from './json.ts';

/** What one member says of itself, in the annotation `status` of its pod. */
export interface PatroniMember {
  /** Name of the pod. */
  name: string;
  /** `primary`, `replica`, `standby_leader`, `promoted`, `demoted`, `uninitialized`. */
  role?: string;
  /** `running`, `starting`, `stopped`, `crashed`, `creating replica` … */
  state?: string;
  /** `streaming` or `in archive recovery`; replicas only. */
  replicationState?: string;
  timeline?: number;
  /** Position in the write-ahead log, in bytes. */
  xlogLocation?: number;
  /** Address of its REST API. */
  apiUrl?: string;
  connectionUrl?: string;
  /** Patroni's version. */
  version?: string;
  pendingRestart: boolean;
  /** When PostgreSQL is to be restarted because somebody asked for that time: ISO 8601. */
  scheduledRestart?: string;
  /** Patroni does not manage the member at the moment (maintenance mode). */
  paused: boolean;
  tags: JsonObject;
}

/**
 * The member whose pod has this name and this annotation `status`. Without the annotation (Patroni has not started)
 * or with an unreadable one only the name is known.
 */
export function parseMember(name: string, status: string | undefined): PatroniMember {
  const said = parseObject(status) ?? {};
  const member: PatroniMember = {
    name,
    pendingRestart: said['pending_restart'] === true,
    paused: said['pause'] === true,
    tags: typeof said['tags'] === 'object' && said['tags'] !== null ? (said['tags'] as JsonObject) : {},
  };
  const role = stringOf(said['role']);
  // Patroni before 4 said `master`.
  if (role !== undefined) member.role = role === 'master' ? 'primary' : role;
  const state = stringOf(said['state']);
  if (state !== undefined) member.state = state;
  const replicationState = stringOf(said['replication_state']);
  if (replicationState !== undefined) member.replicationState = replicationState;
  const timeline = numberOf(said['timeline']);
  if (timeline !== undefined) member.timeline = timeline;
  const xlogLocation = numberOf(said['xlog_location']);
  if (xlogLocation !== undefined) member.xlogLocation = xlogLocation;
  const apiUrl = stringOf(said['api_url']);
  if (apiUrl !== undefined) member.apiUrl = apiUrl;
  const connectionUrl = stringOf(said['conn_url']);
  if (connectionUrl !== undefined) member.connectionUrl = connectionUrl;
  const version = stringOf(said['version']);
  if (version !== undefined) member.version = version;
  const scheduledRestart = scheduleOf(said['scheduled_restart']);
  if (scheduledRestart !== undefined) member.scheduledRestart = scheduledRestart;
  return member;
}

/** The time in what Patroni says of a scheduled restart; undefined when there is none. */
export function scheduleOf(scheduled: unknown): string | undefined {
  if (typeof scheduled !== 'object' || scheduled === null) return undefined;
  return stringOf((scheduled as JsonObject)['schedule']);
}

/** Bytes that a member is behind the leader; undefined when one of the positions is not known. */
export function lagOf(leaderLocation: number | undefined, location: number | undefined): number | undefined {
  if (leaderLocation === undefined || location === undefined) return undefined;
  return Math.max(0, leaderLocation - location);
}

/** Whether PostgreSQL of this member runs and, if it is a replica, follows the leader. */
export function isHealthy(member: PatroniMember): boolean {
  if (member.state !== 'running') return false;
  // Patroni before 3 does not tell the replication state.
  return member.role === 'primary' ||
    member.role === 'standby_leader' ||
    member.replicationState === undefined
    ? true
    : member.replicationState === 'streaming' || member.replicationState === 'in archive recovery';
}
