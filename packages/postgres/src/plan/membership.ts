import type { DeclaredRole } from '../declared.ts';
import { identifier } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { because, objectName, step, type Step } from './step.ts';

/** Makes the role a member of others, and its admins members of it. */
export function membershipSteps(role: DeclaredRole, context: PlanContext): Step[] {
  const { observed, knownRoles, conflicts } = context;
  const grants: { member: string; group: string; admin: boolean }[] = [
    ...(role.memberOf ?? []).map((group) => ({ member: role.name, group, admin: false })),
    ...(role.admins ?? []).map((member) => ({ member, group: role.name, admin: true })),
  ];
  return grants.flatMap(({ member, group, admin }): Step[] => {
    const other = member === role.name ? group : member;
    if (!knownRoles.has(other)) {
      conflicts.push({
        object: objectName('role', role.name),
        message: `the role ${JSON.stringify(other)} does not exist; create it, or remove it from the declaration.`,
      });
      return [];
    }
    const existing = observed.roles.get(member)?.memberOf[group];
    if (existing && (existing.admin || !admin)) return [];
    return [
      step(
        `grant role ${group} to ${member}`,
        because(role, existing ? 'without the admin option' : 'not a member'),
        [`GRANT ${identifier(group)} TO ${identifier(member)}${admin ? ' WITH ADMIN OPTION' : ''}`],
      ),
    ];
  });
}
