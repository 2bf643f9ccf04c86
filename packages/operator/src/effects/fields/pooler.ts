import type { Entry, Written } from '../effect.ts';

const pooler = (connectionPooler: object): Written => ({
  spec: { enableConnectionPooler: true, connectionPooler },
});
const given = pooler({});
const amounts = (part: 'requests' | 'limits', name: string, amount: string): Written =>
  pooler({ resources: { [part]: { [name]: amount } } });

/** Fields about connection poolers. */
export const poolerFields: Record<string, Entry> = {
  'spec.enableConnectionPooler': {
    change: { spec: { enableConnectionPooler: true } },
    differs: [
      'Deployment acid-demo-pooler',
      'PostgreSQL.lookup',
      'PostgreSQL.roles[pooler]',
      'Secret acid-demo-pooler-u',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.pooler-host',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.pooler-jdbc-uri',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.pooler-uri',
      'Secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
      'Service acid-demo-pooler',
      'deletion delete deployment acid-demo-pooler',
      'deletion delete secret acid-demo-pooler-u',
      'deletion delete secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete service acid-demo-pooler',
    ],
  },
  'spec.enableReplicaConnectionPooler': {
    change: { spec: { enableReplicaConnectionPooler: true } },
    differs: [
      'Deployment acid-demo-pooler-repl',
      'PostgreSQL.lookup',
      'PostgreSQL.roles[pooler]',
      'Secret acid-demo-pooler-repl-u',
      'Secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
      'Service acid-demo-pooler-repl',
      'deletion delete deployment acid-demo-pooler-repl',
      'deletion delete secret acid-demo-pooler-repl-u',
      'deletion delete secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete service acid-demo-pooler-repl',
    ],
  },
  'spec.connectionPooler.numberOfInstances': {
    given,
    change: pooler({ numberOfInstances: 3 }),
    differs: [
      'Deployment acid-demo-pooler.spec.replicas',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_DEFAULT_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MAX_DB_CONN].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MIN_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_RESERVE_SIZE].value',
    ],
  },
  'spec.connectionPooler.mode': {
    given,
    change: pooler({ mode: 'session' }),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MODE].value',
    ],
  },
  'spec.connectionPooler.schema': {
    given,
    change: pooler({ schema: 'lookup' }),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[PGSCHEMA].value',
      'PostgreSQL.lookup.schema',
    ],
  },
  'spec.connectionPooler.user': {
    given,
    change: pooler({ user: 'bouncer' }),
    differs: [
      'Deployment acid-demo-pooler.spec.template.metadata.annotations.pgherd.dev/user-list',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[PGPASSWORD].valueFrom.secretKeyRef.name',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[PGUSER].valueFrom.secretKeyRef.name',
      'PostgreSQL.lookup.role',
      'PostgreSQL.roles[bouncer]',
      'PostgreSQL.roles[pooler]',
      'Secret acid-demo-pooler-u.data.userlist.txt',
      'Secret acid-demo-pooler-u.metadata.annotations.pgherd.dev/user-list',
      'Secret bouncer.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bouncer.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret pooler.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  'spec.connectionPooler.dockerImage': {
    given,
    change: pooler({ dockerImage: 'registry.example/pooler:1' }),
    differs: ['Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].image'],
  },
  'spec.connectionPooler.maxDBConnections': {
    given,
    change: pooler({ maxDBConnections: 100 }),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_DEFAULT_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MAX_DB_CONN].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_MIN_SIZE].value',
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].env[CONNECTION_POOLER_RESERVE_SIZE].value',
    ],
  },
  'spec.connectionPooler.resources.requests.cpu': {
    given,
    change: amounts('requests', 'cpu', '100m'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.requests',
    ],
  },
  'spec.connectionPooler.resources.requests.memory': {
    given,
    change: amounts('requests', 'memory', '100Mi'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.requests',
    ],
  },
  'spec.connectionPooler.resources.requests.hugepages-2Mi': {
    given,
    change: amounts('requests', 'hugepages-2Mi', '4Mi'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.requests',
    ],
  },
  'spec.connectionPooler.resources.requests.hugepages-1Gi': {
    given,
    change: amounts('requests', 'hugepages-1Gi', '2Gi'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.requests',
    ],
  },
  'spec.connectionPooler.resources.limits.cpu': {
    given,
    change: amounts('limits', 'cpu', '1'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.limits',
    ],
  },
  'spec.connectionPooler.resources.limits.memory': {
    given,
    change: amounts('limits', 'memory', '1Gi'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.limits',
    ],
  },
  'spec.connectionPooler.resources.limits.hugepages-2Mi': {
    given,
    change: amounts('limits', 'hugepages-2Mi', '4Mi'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.limits',
    ],
  },
  'spec.connectionPooler.resources.limits.hugepages-1Gi': {
    given,
    change: amounts('limits', 'hugepages-1Gi', '2Gi'),
    differs: [
      'Deployment acid-demo-pooler.spec.template.spec.containers[connection-pooler].resources.limits',
    ],
  },
};
