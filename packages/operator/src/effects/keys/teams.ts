import type { Entry, Written } from '../effect.ts';

/** A Teams API, and two people in the cluster's team. */
const teams: Written = {
  configuration: { teams_api_url: 'https://teams.example.org' },
  teams: { acid: ['jane', 'joe'], dba: ['joe'] },
};

function given(configuration: Record<string, string>, more: Written = {}): Written {
  return { ...teams, ...more, configuration: { ...teams.configuration, ...configuration } };
}

/** Joe becomes a superuser, who is no member of `admin`. */
const joeSuperuser = [
  'PostgreSQL.roles[joe].attributes.superuser',
  'PostgreSQL.roles[joe].memberOf[1]',
  'PostgreSQL.roles[joe].source',
];

/** People. */
export const teamsKeys: Record<string, Entry> = {
  enable_admin_role_for_users: {
    change: { configuration: { enable_admin_role_for_users: 'false' } },
    differs: ['PostgreSQL.roles[admin]', 'PostgreSQL.roles[foo_user].admins'],
  },
  enable_postgres_team_crd: {
    given: given({}, { postgresTeam: { additionalMembers: { acid: ['jim'] } } }),
    change: { configuration: { enable_postgres_team_crd: 'true' } },
    differs: ['PostgreSQL.roles[jim]'],
  },
  enable_postgres_team_crd_superusers: {
    given: given(
      { enable_postgres_team_crd: 'true' },
      { postgresTeam: { additionalSuperuserTeams: { acid: ['dba'] } } },
    ),
    change: { configuration: { enable_postgres_team_crd_superusers: 'true' } },
    differs: joeSuperuser,
  },
  enable_team_member_deprecation: {
    given: teams,
    change: { configuration: { enable_team_member_deprecation: 'true' } },
    differs: ['PostgreSQL.people'],
  },
  enable_team_superuser: {
    given: teams,
    change: { configuration: { enable_team_superuser: 'true' } },
    differs: [
      'PostgreSQL.roles[jane].attributes.superuser',
      'PostgreSQL.roles[jane].memberOf[1]',
      'PostgreSQL.roles[joe].attributes.superuser',
      'PostgreSQL.roles[joe].memberOf[1]',
    ],
  },
  enable_teams_api: {
    given: teams,
    change: { configuration: { enable_teams_api: 'false' } },
    differs: ['PostgreSQL.roles[jane]', 'PostgreSQL.roles[joe]', 'PostgreSQL.roles[zalandos]'],
  },
  pam_configuration: {
    change: { configuration: { pam_configuration: 'https://other.example.org/ uid' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PAM_OAUTH2].value'],
  },
  pam_role_name: {
    given: teams,
    change: { configuration: { pam_role_name: 'people' } },
    differs: [
      'PostgreSQL.roles[jane].memberOf[0]',
      'PostgreSQL.roles[joe].memberOf[0]',
      'PostgreSQL.roles[people]',
      'PostgreSQL.roles[zalandos]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[HUMAN_ROLE].value',
    ],
  },
  postgres_superuser_teams: {
    given: teams,
    change: { configuration: { postgres_superuser_teams: 'dba' } },
    differs: joeSuperuser,
  },
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
  role_deletion_suffix: {
    given: given({ enable_team_member_deprecation: 'true' }),
    change: { configuration: { role_deletion_suffix: '_gone' } },
    differs: ['PostgreSQL.people.departedSuffix'],
  },
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
  team_api_role_configuration: {
    given: teams,
    change: { configuration: { team_api_role_configuration: 'log_statement:ddl' } },
    differs: [
      'PostgreSQL.roles[jane].settings.log_statement',
      'PostgreSQL.roles[joe].settings.log_statement',
    ],
  },
  teams_api_url: {
    given: { teams: { acid: ['jane'] } },
    change: { configuration: { teams_api_url: 'https://teams.example.org' } },
    differs: ['PostgreSQL.roles[jane]', 'PostgreSQL.roles[zalandos]'],
  },
};
