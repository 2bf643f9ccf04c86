import type { PostgresqlSpec } from './spec.ts';
import type { PostgresqlStatus } from './status.ts';

/** API group, version and names of the resource; Zalando's, so that its users' manifests and scripts work. */
export const postgresqlResource = {
  group: 'acid.zalan.do',
  version: 'v1',
  apiVersion: 'acid.zalan.do/v1',
  kind: 'postgresql',
  listKind: 'postgresqlList',
  plural: 'postgresqls',
  singular: 'postgresql',
  shortNames: ['pg'],
  categories: ['all'],
} as const;

/** The part of Kubernetes' ObjectMeta that is read of a manifest. */
export interface PostgresqlMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
}

/**
 * A manifest: one PostgreSQL cluster. `status` is read with `readStatus`. A type alias, so that the compiler lets it
 * stand wherever any Kubernetes object may.
 */
export type Postgresql = {
  apiVersion: 'acid.zalan.do/v1';
  kind: 'postgresql';
  metadata: PostgresqlMeta;
  spec: PostgresqlSpec;
  status?: PostgresqlStatus;
};
