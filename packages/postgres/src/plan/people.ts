import { commentOf, markOf, type Mark } from '../mark.ts';
import type { Observed } from '../observe/observe.ts';
import type { ObservedRole } from '../observe/roles.ts';
import { identifier, literal, nameProblem, readable } from '../sql.ts';
import type { Declared } from '../declared.ts';
import { objectName, step, type Note, type Step } from './step.ts';

/** What becomes of the roles of people who came back or left. */
export interface PeoplePlan {
  steps: Step[];
  /** The roles as they are when the steps are done. */
  roles: Observed['roles'];
}

/**
 * Roles of people who are back get their names back; login comes with their attributes. Those who left lose login, their
 * open sessions end, because a session lasts as long as somebody likes, and the name gets the suffix. Only roles with our
 * mark are touched.
 */
export function peopleSteps(declared: Declared, observed: Observed, notes: Note[]): PeoplePlan {
  const roles = new Map(observed.roles);
  const declaredRoles = new Map(declared.roles.map((role) => [role.name, role]));
  const steps: Step[] = [];
  for (const role of observed.roles.values()) {
    const mark = markOf(role.comment);
    if (!mark || declaredRoles.has(role.name) || role.name === observed.user) continue;
    const back = mark.formerName === undefined ? undefined : declaredRoles.get(mark.formerName);
    if (back?.person === true && !roles.has(back.name)) {
      steps.push(renameStep(role, back.name, { rest: mark.rest }, 'is back', roles));
    } else if (declared.people !== undefined) {
      steps.push(...departure(role, mark, declared.people.departedSuffix, declaredRoles, roles, notes));
    }
  }
  return { steps, roles };
}

function departure(
  role: ObservedRole,
  mark: Mark,
  suffix: string,
  declaredRoles: ReadonlyMap<string, unknown>,
  roles: Observed['roles'],
  notes: Note[],
): Step[] {
  const steps: Step[] = [];
  let { name } = role;
  if (role.attributes.login) {
    const why = 'nobody declares this person any more';
    steps.push(step(`take login from ${readable(name)}`, why, [`ALTER ROLE ${identifier(name)} NOLOGIN`]));
    roles.set(name, { ...role, attributes: { ...role.attributes, login: false } });
  }
  const newName = `${name}${suffix}`;
  if (mark.formerName === undefined && !roles.has(newName) && !declaredRoles.has(newName)) {
    const problem = nameProblem(newName);
    if (problem === undefined) {
      const departed = { formerName: name, rest: mark.rest };
      steps.push(renameStep(roles.get(name) ?? role, newName, departed, 'has left', roles));
      name = newName;
    } else {
      const message = `the person has left, and the role keeps its name: with ${JSON.stringify(suffix)} ${problem}.`;
      notes.push({ object: objectName('role', name), message });
    }
  }
  if (role.attributes.login || role.sessions > 0) steps.push(endSessions(name));
  return steps;
}

function renameStep(
  role: ObservedRole,
  newName: string,
  mark: Mark,
  why: string,
  roles: Observed['roles'],
): Step {
  const comment = commentOf(mark);
  roles.delete(role.name);
  roles.set(newName, { ...role, name: newName, comment });
  return step(`rename role ${readable(role.name)} to ${readable(newName)}`, `the person ${why}`, [
    `ALTER ROLE ${identifier(role.name)} RENAME TO ${identifier(newName)}`,
    `COMMENT ON ROLE ${identifier(newName)} IS ${literal(comment)}`,
  ]);
}

/** After login was taken for all to see, so that no new session can begin. */
function endSessions(name: string): Step {
  const statement = `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid WHERE r.rolname = ${literal(name)}`;
  return step(`end sessions of ${readable(name)}`, 'the person has left', [statement], {
    transaction: false,
  });
}
