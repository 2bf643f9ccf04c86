import { conditionsNode } from '../postgresql/status.ts';
import { customResourceDefinition } from '../schema/definition.ts';
import { type CoreTypeResolver, type JsonSchema, resolveCoreTypes } from '../schema/json-schema.ts';
import { int64, object } from '../schema/node.ts';
import { groups } from './key.ts';
import { type Group, type Key, configurationKeys } from './keys.ts';
import { oldKeys } from './old-keys.ts';
import { writeDefault } from './written.ts';

/** API group, version and names of the resource; Zalando's. */
export const operatorConfigurationResource = {
  group: 'acid.zalan.do',
  version: 'v1',
  apiVersion: 'acid.zalan.do/v1',
  kind: 'OperatorConfiguration',
  listKind: 'OperatorConfigurationList',
  plural: 'operatorconfigurations',
  singular: 'operatorconfiguration',
  shortNames: ['opconfig'],
  categories: ['all'],
} as const;

/** Columns of `kubectl get opconfig`, in order. */
const printerColumns = [
  ['Image', 'string', '.configuration.docker_image', 'Image of the database container'],
  [
    'Cluster-Label',
    'string',
    '.configuration.kubernetes.cluster_name_label',
    "Label with the cluster's name",
  ],
  [
    'Service-Account',
    'string',
    '.configuration.kubernetes.pod_service_account_name',
    'Service account of the pods',
  ],
  ['Min-Instances', 'integer', '.configuration.min_instances', 'Fewest members that a cluster may have'],
  ['Age', 'date', '.metadata.creationTimestamp', 'Since when the configuration exists'],
] as const;

function keySchema(key: Key<unknown>): JsonSchema {
  const byDefault = writeDefault(key, 'OperatorConfiguration');
  const unit = key.unit === undefined ? '' : ` In ${key.unit}.`;
  return {
    ...key.kind.schema,
    description: `${key.description}${unit}${byDefault === '' ? '' : ` Default: \`${byDefault}\`.`}`,
    ...(key.minimum === undefined ? {} : { minimum: key.minimum }),
    ...(key.maximum === undefined ? {} : { maximum: key.maximum }),
  };
}

function groupMembers(group: Group): Record<string, JsonSchema> {
  const current = Object.entries(configurationKeys as Record<string, Key<unknown>>)
    .filter(([, key]) => key.group === group)
    .map(([name, key]) => [name, keySchema(key)] as const);
  const old = Object.entries(oldKeys)
    .filter(([, key]) => key.group === group)
    .map(([name, key]) => {
      const description = `Out of date, without effect: ${key.instead}`;
      return [name, { ...key.kind.schema, description }] as const;
    });
  return Object.fromEntries([...current, ...old]);
}

function configurationSchema(): JsonSchema {
  const named = Object.entries(groups)
    .filter(([group]) => group !== '')
    .map(([group, description]) => [
      group,
      { type: 'object', description, nullable: true, properties: groupMembers(group as Group) } as const,
    ]);
  return {
    type: 'object',
    description: 'The settings, in groups.',
    properties: { ...groupMembers(''), ...Object.fromEntries(named) },
  };
}

const statusNode = object('What the operator made of the configuration.', {
  observedGeneration: int64('Generation of the configuration that the rest of the status is about.'),
  conditions: conditionsNode,
});

/**
 * The CustomResourceDefinition of `OperatorConfiguration` (apiextensions.k8s.io/v1).
 *
 * None of Zalando's defaults is in its schema: the API server would write them into objects whose group is there and
 * not into others, and nobody could tell afterwards what a person had chosen. The operator knows the defaults.
 */
export function operatorConfigurationCrd(resolve: CoreTypeResolver): Record<string, unknown> {
  const schema: JsonSchema = {
    type: 'object',
    description: "The operator's configuration.",
    properties: {
      apiVersion: { type: 'string', description: '`acid.zalan.do/v1`' },
      kind: { type: 'string', description: '`OperatorConfiguration`' },
      metadata: { type: 'object' },
      configuration: configurationSchema(),
      // Zalando's is a map of texts; what is there must not be refused.
      status: { ...statusNode.schema, 'x-kubernetes-preserve-unknown-fields': true },
    },
    required: ['configuration'],
  };
  return customResourceDefinition(
    operatorConfigurationResource,
    resolveCoreTypes(schema, resolve),
    printerColumns,
  );
}
