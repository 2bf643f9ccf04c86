import type { Declared } from '../declared.ts';
import type { Observed } from '../observe/observe.ts';
import type { NewVerifiers } from '../password-checker.ts';
import type { PlanContext } from './context.ts';
import { databaseSteps } from './database.ts';
import { usableLookup } from './lookup.ts';
import { membershipSteps } from './membership.ts';
import { usable } from './names.ts';
import { peopleSteps } from './people.ts';
import { type Place, placesOf } from './places.ts';
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

/** What is to do outside of single databases, and which of them to look into then. */
export interface ClusterPlan extends Plan {
  places: Place[];
  /** Names of the roles that exist once the steps are done. */
  knownRoles: ReadonlySet<string>;
}

/**
 * The statements that make `observed` into `declared`, roles before what needs them. Only roles of rotations that nobody
 * may need any more are ever dropped; no membership and no undeclared attribute or setting is ever taken away. When
 * nothing is to do the plan is empty.
 */
export function plan(declared: Declared, observed: Observed, verifiers: NewVerifiers): ClusterPlan {
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
    notes,
  };
  return {
    steps: [
      ...people.steps,
      ...roleSteps(roles, context),
      ...membershipSteps(roles, context),
      ...roles.flatMap((role) => settingSteps(role, context)),
      ...databases.flatMap((database) => databaseSteps(database, context)),
      ...(declared.rotated ?? []).flatMap((rotated) => rotatedSteps(rotated, context, notes)),
    ],
    conflicts,
    notes,
    places: placesOf(context, usableLookup(context)),
    knownRoles: context.knownRoles,
  };
}
