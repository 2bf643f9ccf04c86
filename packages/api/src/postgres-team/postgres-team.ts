import { type Infer, array, map, nullable, object, required, string } from '../schema/node.ts';

/** API group, version and names of the resource; Zalando's. */
export const postgresTeamResource = {
  group: 'acid.zalan.do',
  version: 'v1',
  apiVersion: 'acid.zalan.do/v1',
  kind: 'PostgresTeam',
  listKind: 'PostgresTeamList',
  plural: 'postgresteams',
  singular: 'postgresteam',
  shortNames: ['pgteam'],
  categories: ['all'],
} as const;

/** Lists by team, whose name is as in `spec.teamId` of manifests, capitals included. */
function byTeam(description: string, items: string, item: string) {
  return map(description, nullable(array(items, string(item))));
}

/** `spec` of a `PostgresTeam`: what is added to teams. All objects that are watched count together. */
export const postgresTeamSpecNode = object('What is added to teams.', {
  additionalSuperuserTeams: byTeam(
    'Teams whose members are superusers in the clusters of a team, by that team, and of the teams that are added to those in turn. Only if the operator has `enable_postgres_team_crd_superusers`.',
    'Teams of superusers.',
    'Name of a team.',
  ),
  additionalTeams: byTeam(
    'Teams whose members get roles in the clusters of a team, by that team, and the teams that are added to those in turn.',
    'Teams that are added.',
    'Name of a team.',
  ),
  additionalMembers: byTeam(
    'People who are in a team although the Teams API does not say so, by team.',
    'People who are added.',
    'Name of a person, which is that of the role.',
  ),
});

export type PostgresTeamSpec = Infer<typeof postgresTeamSpecNode>;

/** A type alias, so that the compiler lets it stand wherever any Kubernetes object may. */
export type PostgresTeam = {
  apiVersion: 'acid.zalan.do/v1';
  kind: 'PostgresTeam';
  metadata: { name: string; namespace?: string };
  spec: PostgresTeamSpec;
};

/** Schema of a whole `PostgresTeam`. */
export const postgresTeamNode = object('Members and teams that are added to teams.', {
  apiVersion: string('`acid.zalan.do/v1`'),
  kind: string('`PostgresTeam`'),
  metadata: { schema: { type: 'object' } },
  spec: required(postgresTeamSpecNode),
  // Nothing is written there; what somebody has there must not be refused.
  status: { schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
});
