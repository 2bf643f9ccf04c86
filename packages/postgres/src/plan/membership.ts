import type { DeclaredRole } from '../declared.ts';
import type { Observed } from '../observe/observe.ts';
import { identifier, readable } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { outsidersOf, withoutOutsiders } from './outsiders.ts';
import { because, objectName, step, type Step } from './step.ts';

/** Makes the roles members of others, and their admins members of them. */
export function membershipSteps(roles: readonly DeclaredRole[], context: PlanContext): Step[] {
  const groups = groupsOf(context.observed);
  return roles.flatMap((role) => [
    ...(role.memberOf ?? []).flatMap((group) => grant(role, role.name, group, false, groups, context)),
    ...(role.admins ?? []).flatMap((member) => grant(role, member, role.name, true, groups, context)),
  ]);
}

/** Direct groups of each role; grants are added as they are planned. */
type Groups = Map<string, Set<string>>;

function groupsOf({ roles }: Observed): Groups {
  return new Map([...roles.values()].map((role) => [role.name, new Set(role.memberOf.keys())]));
}

function grant(
  role: DeclaredRole,
  member: string,
  group: string,
  admin: boolean,
  groups: Groups,
  context: PlanContext,
): Step[] {
  const { declared, observed, knownRoles, conflicts, notes } = context;
  const refuse = (message: string): Step[] => {
    conflicts.push({ object: objectName('role', role.name), message: because(role, message) });
    return [];
  };
  const other = member === role.name ? group : member;
  if (!knownRoles.has(other)) {
    // Groups are declared for many clusters at once: one that some of these lack must not make all of them fail.
    const message = `the role ${JSON.stringify(other)} does not exist, so that ${readable(role.name)} has nothing of it; create it, or remove it from the declaration.`;
    notes.push({ object: objectName('role', role.name), message: because(role, message) });
    return [];
  }
  if (member === group) return refuse('it cannot be a member of itself; remove that from the declaration.');
  const memberRole = observed.roles.get(member);
  // From PostgreSQL 16 on that is refused, and it may do everything anyway.
  if (admin && memberRole?.bootstrap === true) return [];
  const existing = memberRole?.memberOf.get(group);
  if (existing && (admin ? existing.admin : existing.effective)) return [];
  const isRotated = declared.rotated?.some(({ of, current }) => of === group && current === member) === true;
  const outsiders = isRotated ? outsidersOf(role, context) : [];
  if (outsiders.length > 0)
    return refuse(
      `it gets none of the rights of ${JSON.stringify(group)}, because ${withoutOutsiders(role, outsiders)}`,
    );
  const circle = wayFrom(group, member, groups);
  if (circle !== undefined) {
    const [a, b] = [JSON.stringify(member), JSON.stringify(group)];
    const through = circle.slice(1, -1).map((name) => JSON.stringify(name));
    return refuse(
      `${a} cannot become a member of ${b}, because ${b} is a member of ${a}${through.length === 0 ? '' : ` (through ${through.join(', ')})`}; pgherd takes no membership away: decide which of the two it is to be.`,
    );
  }
  groups.set(member, (groups.get(member) ?? new Set()).add(group));
  // A membership that gives nothing exists from PostgreSQL 16 on only, where alone these options can be written.
  const options = admin ? ' WITH ADMIN OPTION' : existing ? ' WITH INHERIT TRUE, SET TRUE' : '';
  return [
    step(
      `grant role ${readable(group)} to ${readable(member)}`,
      because(role, !existing ? 'not a member' : admin ? 'without the admin option' : 'without its rights'),
      [`GRANT ${identifier(group)} TO ${identifier(member)}${options}`],
    ),
  ];
}

/** The names from `start` to `end`, each a direct member of the next; undefined when there is no such way. */
function wayFrom(start: string, end: string, groups: Groups): string[] | undefined {
  const from = new Map<string, string | undefined>([[start, undefined]]);
  // A map can grow while it is walked through.
  for (const name of from.keys()) {
    if (name === end) {
      const way = [name];
      for (let at = from.get(name); at !== undefined; at = from.get(at)) way.unshift(at);
      return way;
    }
    for (const group of groups.get(name) ?? []) if (!from.has(group)) from.set(group, name);
  }
  return undefined;
}
