import type { Postgresql } from './postgresql/postgresql.ts';
import type { PostgresqlSpec } from './postgresql/spec.ts';

/** A valid manifest, for tests. */
export function manifest(spec: Partial<PostgresqlSpec> = {}, name = 'acid-demo'): Postgresql {
  return {
    apiVersion: 'acid.zalan.do/v1',
    kind: 'postgresql',
    metadata: { name, namespace: 'default' },
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      volume: { size: '1Gi' },
      postgresql: { version: '17' },
      ...spec,
    },
  };
}
