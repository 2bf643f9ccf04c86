import type { Entry, Written } from '../effect.ts';

const scalyr = {
  configuration: { scalyr_api_key: 'key', scalyr_image: 'registry.example/scalyr:1' },
} satisfies Written;

const poolers = {
  spec: { enableConnectionPooler: true, enableReplicaConnectionPooler: true },
} satisfies Written;

/** Log shipper and connection poolers. */
export const scalyrAndPoolerKeys: Record<string, Entry> = {
  scalyr_api_key: {
    given: { configuration: { scalyr_image: 'registry.example/scalyr:1' } },
    change: { configuration: { scalyr_api_key: 'key' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar]'],
  },
  scalyr_cpu_limit: {
    given: scalyr,
    change: { configuration: { scalyr_cpu_limit: '2' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar].resources.limits.cpu'],
  },
  scalyr_cpu_request: {
    given: scalyr,
    change: { configuration: { scalyr_cpu_request: '200m' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar].resources.requests.cpu'],
  },
  scalyr_image: {
    given: { configuration: { scalyr_api_key: 'key' } },
    change: { configuration: { scalyr_image: 'registry.example/scalyr:1' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar]'],
  },
  scalyr_memory_limit: {
    given: scalyr,
    change: { configuration: { scalyr_memory_limit: '1Gi' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar].resources.limits.memory'],
  },
  scalyr_memory_request: {
    given: scalyr,
    change: { configuration: { scalyr_memory_request: '100Mi' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar].resources.requests.memory',
    ],
  },
  scalyr_server_url: {
    given: scalyr,
    change: { configuration: { scalyr_server_url: 'https://logs.example.org' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[scalyr-sidecar].env[SCALYR_SERVER_URL].value',
    ],
  },
  connection_pooler_default_cpu_limit: {
    given: poolers,
    change: { configuration: { connection_pooler_default_cpu_limit: '1' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.limits',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].resources.limits',
    ],
  },
  connection_pooler_default_cpu_request: {
    given: poolers,
    change: { configuration: { connection_pooler_default_cpu_request: '100m' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.requests',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].resources.requests',
    ],
  },
  connection_pooler_default_memory_limit: {
    given: poolers,
    change: { configuration: { connection_pooler_default_memory_limit: '1Gi' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.limits',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].resources.limits',
    ],
  },
  connection_pooler_default_memory_request: {
    given: poolers,
    change: { configuration: { connection_pooler_default_memory_request: '100Mi' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.requests',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].resources.requests',
    ],
  },
  connection_pooler_image: {
    given: poolers,
    change: { configuration: { connection_pooler_image: 'registry.example/pooler:1' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].image',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].image',
    ],
  },
  connection_pooler_max_db_connections: {
    given: poolers,
    change: { configuration: { connection_pooler_max_db_connections: '100' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_DEFAULT_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MAX_DB_CONN].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MIN_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_RESERVE_SIZE].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_DEFAULT_SIZE].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MAX_DB_CONN].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MIN_SIZE].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_RESERVE_SIZE].value',
    ],
  },
  connection_pooler_mode: {
    given: poolers,
    change: { configuration: { connection_pooler_mode: 'session' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MODE].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MODE].value',
    ],
  },
  connection_pooler_number_of_instances: {
    given: poolers,
    change: { configuration: { connection_pooler_number_of_instances: '3' } },
    differs: [
      'Deployment acid-demo-pooler.spec.replicas',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_DEFAULT_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MAX_DB_CONN].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MIN_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_RESERVE_SIZE].value',
      'Deployment acid-demo-pooler-repl.spec.replicas',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_DEFAULT_SIZE].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MAX_DB_CONN].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MIN_SIZE].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_RESERVE_SIZE].value',
    ],
  },
  connection_pooler_pause_patience: {
    shownBy: 'packages/operator/src/reconcile/busy-poolers.test.ts',
  },
  connection_pooler_schema: {
    given: poolers,
    change: { configuration: { connection_pooler_schema: 'lookup' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[PGSCHEMA].value',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[PGSCHEMA].value',
      'PostgreSQL.lookup.schema',
    ],
  },
  connection_pooler_user: {
    given: poolers,
    change: { configuration: { connection_pooler_user: 'bouncer' } },
    differs: [
      'Deployment acid-demo-pooler.spec.template.metadata.annotations.pgherd.dev/user-list',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[PGPASSWORD].valueFrom.secretKeyRef.name',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[PGUSER].valueFrom.secretKeyRef.name',
      'Deployment acid-demo-pooler-repl.spec.template.metadata.annotations.pgherd.dev/user-list',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[PGPASSWORD].valueFrom.secretKeyRef.name',
      'Deployment acid-demo-pooler-repl.spec.template.spec.containers[connection-pooler].env[PGUSER].valueFrom.secretKeyRef.name',
      'PostgreSQL.lookup.role',
      'PostgreSQL.roles[bouncer]',
      'PostgreSQL.roles[pooler]',
      'Secret acid-demo-pooler-repl-u.data.userlist.txt',
      'Secret acid-demo-pooler-repl-u.metadata.annotations.pgherd.dev/user-list',
      'Secret acid-demo-pooler-u.data.userlist.txt',
      'Secret acid-demo-pooler-u.metadata.annotations.pgherd.dev/user-list',
      'Secret bouncer.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bouncer.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
};
