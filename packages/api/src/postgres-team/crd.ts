import { customResourceDefinition } from '../schema/definition.ts';
import { postgresTeamNode, postgresTeamResource } from './postgres-team.ts';

/** The CustomResourceDefinition of `PostgresTeam` (apiextensions.k8s.io/v1). */
export function postgresTeamCrd(): Record<string, unknown> {
  return customResourceDefinition(postgresTeamResource, postgresTeamNode.schema);
}
