import { list, map } from '../collections.ts';
import { inGroup } from '../key.ts';
import { url } from '../words.ts';

const { key, flag, words } = inGroup('teams_api');
const always = {
  zalando: 'the default if the group `teams_api` is there, else empty or false',
  decision: 'The default holds in both forms, whatever groups are there.',
};

export const teamsKeys = {
  enable_admin_role_for_users: flag(
    true,
    'Whether `team_admin_role` is a member of every role of a manifest, and may add others to it.',
    { inResource: always },
  ),
  enable_postgres_team_crd: flag(false, 'Whether `PostgresTeam` objects are watched.', {
    inResource: {
      zalando: 'true if the group `teams_api` is there, else false',
      decision:
        "`false` in both forms, so that nobody gets rights for lack of a line. Objects written under Zalando's definition have their `true` stored and keep it.",
    },
  }),
  enable_postgres_team_crd_superusers: flag(
    false,
    'Whether `PostgresTeam` objects may name teams of superusers.',
  ),
  enable_team_member_deprecation: flag(
    false,
    'Whether roles of people who left a team are renamed and cannot log in any more. Not while it is unknown who is in one of the teams, or when it is no longer looked up at all.',
  ),
  enable_team_superuser: flag(false, 'Whether members of the team that owns a cluster are superusers in it.'),
  enable_teams_api: flag(
    true,
    "Whether members of teams are asked of the Teams API. Nobody is asked while `teams_api_url` is the default, which is nobody's.",
    {
      inResource: {
        zalando: 'false',
        decision: 'Each form keeps its own: who relies on it has set the URL only.',
        default: false,
      },
    },
  ),
  pam_configuration: words(
    'https://info.example.com/oauth2/tokeninfo?access_token= uid realm=/employees',
    'How the image checks the tokens of people: URL, field with the name, further conditions.',
  ),
  pam_role_name: words(
    'zalandos',
    'Role that all people are members of. It is made where it does not exist, without rights.',
  ),
  postgres_superuser_teams: key({
    kind: list,
    default: [],
    description: 'Teams whose members are superusers in every cluster.',
  }),
  protected_role_names: key({
    kind: list,
    default: ['admin', 'cron_admin'],
    description: 'Roles that no manifest, infrastructure role or person may be called like.',
  }),
  role_deletion_suffix: words('_deleted', 'What roles of people who left are renamed with.', {
    nonEmpty: true,
  }),
  team_admin_role: words(
    'admin',
    'Role that people are members of who are no superusers, and that owners of prepared databases and roles of manifests (`enable_admin_role_for_users`) have as a member with the right to add others. Empty: none. It is made where it does not exist.',
    { inResource: always },
  ),
  team_api_role_configuration: key({
    kind: map,
    default: { log_statement: 'all' },
    description: 'Parameters of PostgreSQL that are set for the roles of people.',
  }),
  teams_api_url: key({
    kind: url,
    default: 'https://teams.example.com/api/',
    description: 'URL of the Teams API, without `/teams/NAME`.',
  }),
};
