import { definitionVersion, definitionVersionAnnotation } from '../schema/definition-version.ts';
import { postgresTeamNode, postgresTeamResource } from './postgres-team.ts';

/** The CustomResourceDefinition of `PostgresTeam` (apiextensions.k8s.io/v1). */
export function postgresTeamCrd(): Record<string, unknown> {
  const { group, version, kind, listKind, plural, singular, shortNames, categories } = postgresTeamResource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/name': 'postgres-operator' },
      annotations: { [definitionVersionAnnotation]: definitionVersion },
    },
    spec: {
      group,
      names: { kind, listKind, plural, singular, shortNames, categories },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: postgresTeamNode.schema },
        },
      ],
    },
  };
}
