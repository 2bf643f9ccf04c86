import type { DeclaredRole } from '../declared.ts';
import type { ObservedRole } from '../observe/roles.ts';
import type { PlanContext } from './context.ts';

/**
 * Members that can act as the role, are no superusers and are declared nowhere. Whoever has `CREATEROLE` can make a role
 * before it is declared, and himself a member of it; what the role gets then, he has.
 */
export function outsidersOf(role: DeclaredRole, context: PlanContext): string[] {
  const { declared, observed } = context;
  const expected = new Set([
    ...(role.admins ?? []),
    ...declared.roles.filter(({ memberOf }) => memberOf?.includes(role.name)).map(({ name }) => name),
  ]);
  const isRotated = (name: string) =>
    declared.rotated?.some(({ of }) => of === role.name && name.startsWith(of)) === true;
  return [...observed.roles.values()]
    .filter(({ memberOf }) => memberOf.get(role.name)?.effective === true)
    .filter((member) => !endsAsSuperuser(member, context))
    .map(({ name }) => name)
    .filter((name) => !expected.has(name) && !isRotated(name));
}

/** Whether a role is a superuser once the plan is carried out. Memberships have no circles, so this ends. */
function endsAsSuperuser({ name, attributes }: ObservedRole, context: PlanContext): boolean {
  const declared = context.declared.roles.find((role) => role.name === name);
  if (declared?.attributes.superuser === undefined) return attributes.superuser;
  return (
    declared.attributes.superuser && (attributes.superuser || outsidersOf(declared, context).length === 0)
  );
}

/** What to do about them, behind a sentence that names them. */
export function withoutOutsiders(role: DeclaredRole, outsiders: readonly string[]): string {
  const members = outsiders.map((name) => JSON.stringify(name)).join(', ');
  return `${members} ${outsiders.length === 1 ? 'is a member' : 'are members'} of it and could do the same; take that away with REVOKE, or rename the role ${JSON.stringify(role.name)}.`;
}
