import { isCopying } from '../observe/copy-watch.ts';
import { leaderOf, serves, type Member, type Observed } from '../observe/observed.ts';
import { rebuiltAnnotation } from '../names.ts';
import type { Step } from '../plan/step.ts';
import type { Trouble } from '../status/trouble.ts';
import type { IdleReplicas } from './idle-replica.ts';

/** When replicas are rebuilt. */
export interface HealingGoal {
  /** Replicas that make no way. */
  idle: IdleReplicas;
  /** How long one may be so before it is rebuilt for the first time, in milliseconds; 0: none ever is. */
  patienceMs: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** How often a replica was rebuilt, as its pod says. */
interface Rebuilt {
  at: number;
  times: number;
}

/** A later attempt comes after twice the time of the one before, up to this many times the first. */
const mostPatience = 64;

/**
 * Throws the data of a replica away that does not follow the primary whatever Patroni does, and has it copied again: one
 * that needs write-ahead log that is gone, one that could not be rewound, one whose data is corrupt. One at a time, less
 * and less often, and only while a primary serves.
 */
export function planHealing(goal: HealingGoal | undefined, observed: Observed): Step[] {
  const leader = leaderOf(observed);
  if (goal === undefined || goal.patienceMs === 0 || leader === undefined || !serves(observed)) return [];
  const due = idleMembers(goal, observed).filter((member) => dueAt(member, goal) <= goal.now);
  const [member] = due;
  if (member === undefined) return [];
  const copying = observed.members.find(isCopying);
  const { times } = rebuiltOf(member) ?? { times: 0 };
  return [
    {
      what: `rebuild replica ${member.name} from ${leader.name}`,
      why: [describe(member)],
      disturbs: 'restart',
      action: {
        type: 'rebuild',
        member: member.name,
        address: member.address ?? '',
        leader: leader.name,
        leaderAddress: leader.address ?? '',
        note: { [rebuiltAnnotation]: JSON.stringify({ at: goal.now, times: times + 1 }) },
      },
      observeAfter: true,
      ...(copying === undefined ? {} : { waitFor: `${copying.name} has copied its data` }),
    },
  ];
}

/** What is told of replicas that have not followed for some time. */
export function idleTroubles(goal: HealingGoal | undefined, observed: Observed): Trouble[] {
  if (goal === undefined) return [];
  return idleMembers(goal, observed)
    .filter(({ name }) => goal.now - (goal.idle.get(name)?.since ?? goal.now) >= toldAfterMs)
    .map((member) => ({
      reason: 'ReplicaIdle',
      message: `${member.name} ${describe(member)}; ${outlook(member, goal)}`,
    }));
}

/** Patroni needs this long to rewind or to find its way. */
const toldAfterMs = 30_000;

function idleMembers({ idle }: HealingGoal, { members }: Observed): Member[] {
  return members.filter(({ name }) => idle.has(name));
}

function dueAt(member: Member, { idle, patienceMs, now }: HealingGoal): number {
  const since = idle.get(member.name)?.since ?? now;
  const { at, times } = rebuiltOf(member) ?? { at: 0, times: 0 };
  const patience = patienceMs * Math.min(2 ** times, mostPatience);
  // It may follow for a while and stop again: the time runs from the last attempt too.
  return Math.max(since + patienceMs, times === 0 ? 0 : Math.min(at, now) + patience);
}

function describe({ state, replicationState }: Member): string {
  return state === 'running'
    ? `runs and does not stream (${replicationState ?? 'no word of replication'})`
    : `does not run PostgreSQL (Patroni says "${state ?? 'nothing'}")`;
}

function outlook(member: Member, goal: HealingGoal): string {
  if (goal.patienceMs === 0)
    return `pgherd reinit copies it again; with the key replica_rebuild_after the operator does so by itself`;
  const { times } = rebuiltOf(member) ?? { times: 0 };
  const at = new Date(dueAt(member, goal)).toISOString().slice(0, 16).replace('T', ' ');
  const before = times === 0 ? '' : `, for the ${times + 1}. time`;
  return `it is copied again from the primary at ${at} UTC${before}, if it does not follow until then`;
}

function rebuiltOf({ pod }: Member): Rebuilt | undefined {
  try {
    const parsed = JSON.parse(pod.metadata.annotations?.[rebuiltAnnotation] ?? '') as Partial<Rebuilt>;
    const { at, times } = parsed;
    return typeof at === 'number' && typeof times === 'number' ? { at, times } : undefined;
  } catch {
    return undefined;
  }
}
