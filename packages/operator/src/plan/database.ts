import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import type { Step } from './step.ts';

/** Roles and databases that should exist, reduced to what the plan needs of them. */
export interface DatabaseGoal {
  /** Hash over everything declared, passwords included; equal hashes mean that nothing changed. */
  fingerprint: string;
  /** For people, e.g. `2 roles, 1 database`. */
  summary: string;
  /** Whether all passwords are known; otherwise their Secrets are still to be made. */
  complete: boolean;
}

/** What the database was last brought in line with: declared state, and the primary that it was done on. */
export function databaseFingerprint(goal: DatabaseGoal, observed: Observed): string {
  const timeline = leaderOf(observed)?.timeline ?? 0;
  return `${goal.fingerprint}/${observed.leader ?? ''}/${timeline}`;
}

/**
 * One step over SQL when the declared state or the primary changed since this process looked last. The step itself
 * finds out what is different inside the database.
 */
export function planDatabase(goal: DatabaseGoal | undefined, observed: Observed): Step[] {
  if (goal === undefined) return [];
  const fingerprint = databaseFingerprint(goal, observed);
  const leader = leaderOf(observed);
  if (leader !== undefined && fingerprint === observed.databaseFingerprint) return [];
  const reachable =
    leader?.address !== undefined && isStreaming(observed, leader) && leader.role !== 'standby_leader';
  const waitFor = waitingFor(goal, reachable);
  return [
    {
      what: 'bring roles and databases in line',
      why: reasonsOf(goal, observed),
      disturbs: 'nothing',
      action: {
        type: 'sql',
        address: leader?.address ?? '',
        leader: leader?.name ?? '',
        fingerprint,
      },
      ...(waitFor === undefined ? {} : { waitFor }),
    },
  ];
}

function reasonsOf(
  goal: DatabaseGoal,
  { databaseFingerprint: known, databaseDrift = [] }: Observed,
): string[] {
  if (databaseDrift.length > 0) return databaseDrift.map((line) => `changed by somebody else: ${line}`);
  if (known === undefined) return [`${goal.summary} not looked at yet`];
  return ['the declared roles and databases or the primary changed'];
}

function waitingFor(goal: DatabaseGoal, reachable: boolean): string | undefined {
  if (!goal.complete) return 'all Secrets exist';
  return reachable ? undefined : 'a primary accepts connections';
}
