import { definitionVersion, definitionVersionAnnotation } from './definition-version.ts';
import type { JsonSchema } from './json-schema.ts';

/** API group, version and names of a custom resource. */
export interface ResourceNames {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
}

/** A column of `kubectl get`: name, type, path in the object, description. */
export type PrinterColumn = readonly [name: string, type: string, jsonPath: string, description: string];

/** A CustomResourceDefinition (apiextensions.k8s.io/v1) of a namespaced resource with one version and a status. */
export function customResourceDefinition(
  names: ResourceNames,
  schema: JsonSchema,
  columns: readonly PrinterColumn[] = [],
): Record<string, unknown> {
  const { group, version, kind, listKind, plural, singular, shortNames, categories } = names;
  const additionalPrinterColumns = columns.map(([name, type, jsonPath, description]) => ({
    name,
    type,
    description,
    jsonPath,
  }));
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
          ...(columns.length === 0 ? {} : { additionalPrinterColumns }),
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}
