import { identityOf } from '../input.ts';
import type { ClusterRole } from './cluster-role.ts';
import { mayLogIn } from './names.ts';
import type { RoleInput } from './role-input.ts';

/** The roles that every cluster gets, in their order. */
export function infrastructureRoles({ manifest, infrastructure = [] }: RoleInput): ClusterRole[] {
  const { namespace } = identityOf(manifest);
  return infrastructure.map((role): ClusterRole => ({
    name: role.name,
    origin: 'infrastructure',
    source: role.source,
    flags: role.flags,
    memberOf: role.memberOf.filter((group) => group !== role.name),
    admins: role.adminRole === undefined || role.adminRole === role.name ? [] : [role.adminRole],
    settings: role.settings,
    ...(mayLogIn(role.flags) ? { secret: { namespace, password: role.password } } : {}),
  }));
}
