import type { Declared } from '../declared.ts';
import type { Observed } from '../observe/observe.ts';
import type { NewVerifiers } from '../password-checker.ts';
import type { PlanContext } from './context.ts';
import { databaseSteps } from './database.ts';
import { membershipSteps } from './membership.ts';
import { usable } from './names.ts';
import { roleSteps } from './role.ts';
import type { Conflict, Step } from './step.ts';

export interface Plan {
  steps: Step[];
  conflicts: Conflict[];
}

/**
 * The statements that make `observed` into `declared`, roles before what needs them. Nothing is ever dropped, no
 * membership and no undeclared attribute is ever taken away. When nothing is to do the plan is empty.
 */
export function plan(declared: Declared, observed: Observed, verifiers: NewVerifiers): Plan {
  const conflicts: Conflict[] = [];
  const roles = usable('role', declared.roles, conflicts);
  const databases = usable('database', declared.databases, conflicts);
  const context: PlanContext = {
    declared: { ...declared, roles, databases },
    observed,
    verifiers,
    knownRoles: new Set([...observed.roles.keys(), ...roles.map((role) => role.name)]),
    conflicts,
  };
  return {
    steps: [
      ...roles.flatMap((role) => roleSteps(role, context)),
      ...roles.flatMap((role) => membershipSteps(role, context)),
      ...databases.flatMap((database) => databaseSteps(database, context)),
    ],
    conflicts,
  };
}
