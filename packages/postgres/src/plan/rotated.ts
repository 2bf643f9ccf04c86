import type { RotatedRole } from '../declared.ts';
import type { ObservedGrant, ObservedRole } from '../observe/roles.ts';
import { identifier, readable } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { triggerGuard } from './guard.ts';
import { objectName, step, type Note, type Step } from './step.ts';

/**
 * Drops the login roles that rotations left behind and nobody may need any more; what they own becomes that of the role
 * that they stood for. Only roles whose name is exactly that of the other with a date behind it, and that are members of
 * it. They lose login first; one that has open sessions is not dropped while they last.
 */
export function rotatedSteps(rotated: RotatedRole, context: PlanContext, notes: Note[]): Step[] {
  const before = predecessor(rotated, context);
  return [...context.observed.roles.values()]
    .filter((role) => role.name !== before && isLeftBehind(role, rotated, context))
    .flatMap((role) => dropSteps(role, rotated, context, notes));
}

/**
 * The one that was in use before the current one. When the rotation came late, it is older than others get; those who use
 * it still have not had the time to read the Secret again. It goes with the next rotation, or when the current one is old.
 */
function predecessor({ of, current, keptSince }: RotatedRole, { observed }: PlanContext): string | undefined {
  const currentDate = dateOf(current, of);
  if (currentDate === undefined || currentDate < keptSince) return undefined;
  const before = [...observed.roles.values()]
    .filter((role) => role.memberOf.has(of) && (dateOf(role.name, of) ?? currentDate) < currentDate)
    .map(({ name }) => name);
  return before.sort().at(-1);
}

function isLeftBehind(
  role: ObservedRole,
  rotated: RotatedRole,
  { declared, observed }: PlanContext,
): boolean {
  const { of, current, keptSince } = rotated;
  const date = dateOf(role.name, of);
  if (date === undefined || date >= keptSince || !role.memberOf.has(of)) return false;
  return (
    role.name !== current &&
    role.name !== observed.user &&
    !declared.roles.some(({ name }) => name === role.name)
  );
}

/** The date at the end of a name; undefined: it is none of a rotation of `of`. */
function dateOf(name: string, of: string): string | undefined {
  const date = name.startsWith(of) ? name.slice(of.length) : '';
  return isDate(date) ? date : undefined;
}

/** `YYMMDD` of this century. */
function isDate(text: string): boolean {
  const match = /^(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [2000 + Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function dropSteps(
  role: ObservedRole,
  { of, keptSince }: RotatedRole,
  { observed }: PlanContext,
  notes: Note[],
): Step[] {
  const name = identifier(role.name);
  const why = `replaced by a rotation of ${of}'s password before ${keptSince}`;
  const steps = role.attributes.login
    ? [step(`take login from ${readable(role.name)}`, why, [`ALTER ROLE ${name} NOLOGIN`])]
    : [];
  const object = objectName('role', role.name);
  if (role.sessions > 0) {
    notes.push({
      object,
      message: `${why}; it is dropped when its open sessions (${role.sessions}) have ended.`,
    });
    return steps;
  }
  const closed = role.dependsIn.filter(
    (database) => observed.databases.get(database)?.allowsConnections === false,
  );
  if (closed.length > 0) {
    const message = `${why}; it is not dropped, because it owns or may use something in ${closed.map((database) => JSON.stringify(database)).join(', ')}, which allows no connections.`;
    notes.push({ object, message });
    return steps;
  }
  // Nothing that this drops can be of worth: what the role owned is the other's already, and with neither login nor
  // sessions it makes nothing new. What is left are privileges.
  const statements = [
    ...role.granted.map(regrant),
    `REASSIGN OWNED BY ${name} TO ${identifier(of)}`,
    `DROP OWNED BY ${name}`,
  ];
  const give = (where: { database?: string }): Step =>
    step(`give what ${readable(role.name)} owns to ${readable(of)}`, why, statements, {
      ...where,
      guard: triggerGuard,
    });
  const databases = role.dependsIn.filter((database) => database !== '');
  steps.push(...databases.map((database) => give({ database })));
  if (databases.length === 0 && role.dependsIn.length > 0) steps.push(give({}));
  return [...steps, step(`drop role ${readable(role.name)}`, why, [`DROP ROLE ${name}`])];
}

/** In our name, because otherwise it would be gone with the role that granted it. From PostgreSQL 16 on. */
function regrant({ group, member, admin, inherit, set }: ObservedGrant): string {
  const options = Object.entries({ admin, inherit, set }).map(([name, value]) =>
    `${name} ${value}`.toUpperCase(),
  );
  return `GRANT ${identifier(group)} TO ${identifier(member)} WITH ${options.join(', ')}`;
}
