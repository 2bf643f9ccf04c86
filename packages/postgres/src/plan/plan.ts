import type { Declared } from '../declared.ts';
import type { Observed } from '../observe/observe.ts';
import type { NewVerifiers } from '../password-checker.ts';
import type { PlanContext } from './context.ts';
import { databaseSteps } from './database.ts';
import { membershipSteps } from './membership.ts';
import { usable } from './names.ts';
import { peopleSteps } from './people.ts';
import { roleSteps } from './role.ts';
import { rotatedSteps } from './rotated.ts';
import { settingSteps } from './setting.ts';
import type { Conflict, Note, Step } from './step.ts';

export interface Plan {
  steps: Step[];
  conflicts: Conflict[];
  /** What is left for later, and why. */
  notes: Note[];
}

/**
 * The statements that make `observed` into `declared`, roles before what needs them. Only roles of rotations that nobody
 * may need any more are ever dropped; no membership and no undeclared attribute or setting is ever taken away. When
 * nothing is to do the plan is empty.
 */
export function plan(declared: Declared, observed: Observed, verifiers: NewVerifiers): Plan {
  const conflicts: Conflict[] = [];
  const notes: Note[] = [];
  const roles = usable('role', declared.roles, conflicts);
  const databases = usable('database', declared.databases, conflicts);
  const people = peopleSteps(declared, observed, notes);
  const context: PlanContext = {
    declared: { ...declared, roles, databases },
    observed: { ...observed, roles: people.roles },
    verifiers,
    knownRoles: new Set([...people.roles.keys(), ...roles.map((role) => role.name)]),
    conflicts,
  };
  return {
    steps: [
      ...people.steps,
      ...roles.flatMap((role) => roleSteps(role, context)),
      ...membershipSteps(roles, context),
      ...roles.flatMap((role) => settingSteps(role, context)),
      ...databases.flatMap((database) => databaseSteps(database, context)),
      ...(declared.rotated ?? []).flatMap((rotated) => rotatedSteps(rotated, context, notes)),
    ],
    conflicts,
    notes,
  };
}
