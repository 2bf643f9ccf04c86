import { isStreaming, type Member, type Observed } from '../observe/observed.ts';
import type { Step } from './step.ts';

/** How members are restarted. */
interface Restarts {
  leader: Member;
  /** A lowered setting that replicas must not have lower than the primary. */
  primaryFirst: boolean;
  why: string;
  waitFor: string | undefined;
}

/** Restarts that Patroni says are pending: one member at a time, the next one when all stream again. */
export function pendingRestarts(observed: Observed, leader: Member): Step[] {
  const pending = observed.members.filter(({ pendingRestart, running }) => pendingRestart && running);
  const broken = observed.members.some((member) => !isStreaming(observed, member));
  const untold = observed.newsExpected === true ? 'every member has said whether it must restart' : undefined;
  return restartSteps(pending, {
    leader,
    primaryFirst: leader.primaryRestartsFirst,
    why: 'a changed parameter waits for a restart',
    waitFor: untold ?? (broken ? 'all members stream' : undefined),
  });
}

/** One step for each member, replicas first unless the primary must be. */
export function restartSteps(members: Member[], { leader, primaryFirst, why, waitFor }: Restarts): Step[] {
  const first = primaryFirst ? 1 : -1;
  const order = members.toSorted((a, b) => first * (Number(b === leader) - Number(a === leader)));
  return order.map((member, index) => ({
    what: `restart PostgreSQL of ${member.name}`,
    why: [why],
    disturbs: member === leader ? 'downtime' : 'restart',
    action: { type: 'restart', member: member.name, address: member.address ?? '' },
    observeAfter: true,
    ...(index === 0 && waitFor !== undefined ? { waitFor } : {}),
  }));
}
