import type { ClusterRole } from './cluster-role.ts';
import type { RoleInput } from './role-input.ts';

/** The people of the cluster's teams. They have no password: PostgreSQL asks PAM about members of `pam_role_name`. */
export function peopleRoles({ configuration, people = [] }: RoleInput): ClusterRole[] {
  const { pam_role_name: all, team_admin_role: admin, team_api_role_configuration } = configuration;
  return people.map(({ name, team, isSuperuser }): ClusterRole => {
    const groups = isSuperuser ? [all] : [all, admin];
    return {
      name,
      origin: 'team',
      source: `team ${team}`,
      flags: isSuperuser ? ['login', 'superuser'] : ['login'],
      memberOf: groups.filter((group) => group !== '' && group !== name),
      admins: [],
      settings: team_api_role_configuration,
    };
  });
}
