import type { Entry } from '../effect.ts';

/** People. */
export const teamsKeys: Record<string, Entry> = {
  enable_admin_role_for_users: {
    change: { configuration: { enable_admin_role_for_users: 'false' } },
    differs: ['PostgreSQL.roles[admin]', 'PostgreSQL.roles[foo_user].admins'],
  },
  enable_postgres_team_crd: { shownBy: 'packages/operator/src/people/cluster-people.test.ts' },
  enable_postgres_team_crd_superusers: { shownBy: 'packages/operator/src/people/cluster-people.test.ts' },
  enable_team_member_deprecation: 'not yet',
  enable_team_superuser: { shownBy: 'packages/operator/src/people/cluster-people.test.ts' },
  enable_teams_api: { shownBy: 'packages/operator/src/people/cluster-people.test.ts' },
  pam_configuration: {
    change: { configuration: { pam_configuration: 'https://other.example.org/ uid' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PAM_OAUTH2].value'],
  },
  pam_role_name: {
    change: { configuration: { pam_role_name: 'people' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[HUMAN_ROLE].value'],
  },
  postgres_superuser_teams: { shownBy: 'packages/operator/src/people/cluster-people.test.ts' },
  protected_role_names: {
    change: { configuration: { protected_role_names: 'admin,foo_user' } },
    differs: [
      'PostgreSQL.roles[admin]',
      'PostgreSQL.roles[foo_user]',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'problems[0]',
      'problems[1]',
    ],
  },
  role_deletion_suffix: 'not yet',
  team_admin_role: {
    given: { spec: { preparedDatabases: { bar: {} } } },
    change: { configuration: { team_admin_role: 'boss' } },
    differs: [
      'PostgreSQL.roles[admin]',
      'PostgreSQL.roles[bar_owner].admins[0]',
      'PostgreSQL.roles[boss]',
      'PostgreSQL.roles[foo_user].admins[0]',
    ],
  },
  team_api_role_configuration: 'not yet',
  teams_api_url: { shownBy: 'packages/operator/src/people/cluster-people.test.ts' },
};
