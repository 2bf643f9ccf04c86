import { customResourceDefinition } from '../schema/definition.ts';
import { type CoreTypeResolver, type JsonSchema, resolveCoreTypes } from '../schema/json-schema.ts';
import { postgresqlResource } from './postgresql.ts';
import { specNode } from './spec.ts';
import { statusNode } from './status.ts';

/** Schema of a whole `postgresql`, with stand-ins for Kubernetes' core types. */
export const postgresqlSchema: JsonSchema = {
  type: 'object',
  description: 'A highly available PostgreSQL cluster.',
  properties: {
    apiVersion: { type: 'string', description: '`acid.zalan.do/v1`' },
    kind: { type: 'string', description: '`postgresql`' },
    metadata: { type: 'object' },
    spec: specNode.schema,
    status: statusNode.schema,
  },
  required: ['metadata', 'spec'],
};

/** Columns of `kubectl get postgresql`, in order. */
const printerColumns = [
  ['Team', 'string', '.spec.teamId', 'Team responsible for the cluster'],
  ['Version', 'string', '.spec.postgresql.version', 'Major version of PostgreSQL'],
  ['Pods', 'integer', '.spec.numberOfInstances', 'Members that the manifest asks for'],
  ['Volume', 'string', '.spec.volume.size', 'Size of the data volume of each member'],
  ['CPU-Request', 'string', '.spec.resources.requests.cpu', 'CPU request of the database container'],
  ['Memory-Request', 'string', '.spec.resources.requests.memory', 'Memory request of the database container'],
  ['Age', 'date', '.metadata.creationTimestamp', 'Since when the manifest exists'],
  ['Status', 'string', '.status.PostgresClusterStatus', 'State of the cluster'],
] as const;

/**
 * The CustomResourceDefinition of `postgresql` (apiextensions.k8s.io/v1). It has no defaults: what is left out of a
 * manifest is decided by the operator's configuration, at the time of use.
 */
export function postgresqlCrd(resolve: CoreTypeResolver): Record<string, unknown> {
  const schema = resolveCoreTypes(postgresqlSchema, resolve);
  return customResourceDefinition(postgresqlResource, schema, printerColumns);
}
