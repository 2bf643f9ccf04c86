import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import type { Step } from './step.ts';

/** Roles and databases that should exist, reduced to what the plan needs of them. */
export interface DatabaseGoal {
  /** Hash over everything declared, passwords included; equal hashes mean that nothing changed. */
  fingerprint: string;
  /** For people, e.g. `2 roles, 1 database`. */
  summary: string;
  /** Secrets that are still to be made or filled: their roles are not among what is declared. */
  missing: string[];
  /** Whether the superuser's password is known. */
  hasSuperuser: boolean;
}

/** What the database was last brought in line with: declared state, and the primary that it was done on. */
export function databaseFingerprint(goal: DatabaseGoal, observed: Observed): string {
  const timeline = leaderOf(observed)?.timeline ?? 0;
  return `${goal.fingerprint}/${observed.leader ?? ''}/${timeline}`;
}

/** Whether the primary accepts connections of those who write. */
export function isReachable(observed: Observed): boolean {
  const leader = leaderOf(observed);
  if (leader?.address === undefined) return false;
  return isStreaming(observed, leader) && leader.role !== 'standby_leader';
}

/**
 * One step over SQL when the declared state or the primary changed since this process looked last; the step itself finds
 * out what is different inside the database. Another, which waits, for roles whose Secrets are missing.
 */
export function planDatabase(goal: DatabaseGoal | undefined, observed: Observed): Step[] {
  if (goal === undefined) return [];
  const fingerprint = databaseFingerprint(goal, observed);
  const leader = leaderOf(observed);
  const action = {
    type: 'sql',
    address: leader?.address ?? '',
    leader: leader?.name ?? '',
    fingerprint,
  } as const;
  const isInLine = leader !== undefined && fingerprint === observed.databaseFingerprint;
  const steps: Step[] = [];
  if (!isInLine || !goal.hasSuperuser) {
    const waitFor = waitingFor(goal, isReachable(observed));
    const what = 'bring roles and databases in line';
    steps.push({
      what,
      why: reasonsOf(goal, observed),
      disturbs: 'nothing',
      action,
      ...(waitFor === undefined ? {} : { waitFor }),
    });
  }
  if (goal.hasSuperuser && goal.missing.length > 0) steps.push(missingRoles(goal.missing, action));
  return steps;
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
  if (!goal.hasSuperuser) return 'all Secrets exist';
  return reachable ? undefined : 'a primary accepts connections';
}

/** What is left of the database's part while Secrets are missing. */
function missingRoles(secrets: readonly string[], action: Step['action']): Step {
  const named = secrets.slice(0, 3).join(', ');
  const others = secrets.length > 3 ? ` and ${secrets.length - 3} more` : '';
  return {
    what: `bring ${secrets.length === 1 ? 'one more role' : `${secrets.length} more roles`} in line`,
    why: ['no role is made without its password'],
    disturbs: 'nothing',
    action,
    waitFor: `username and password are in the Secret${secrets.length === 1 ? '' : 's'} ${named}${others}`,
  };
}
