import type { Entry, Written } from '../effect.ts';

const balanced = {
  spec: { enableMasterLoadBalancer: true, enableReplicaLoadBalancer: true },
} satisfies Written;

const poolers = {
  spec: { enableConnectionPooler: true, enableReplicaConnectionPooler: true },
} satisfies Written;

/** Services. */
export const servicesKeys: Record<string, Entry> = {
  custom_service_annotations: {
    given: poolers,
    change: { configuration: { custom_service_annotations: 'example.org/a:b' } },
    differs: [
      'Service acid-demo.metadata.annotations',
      'Service acid-demo-pooler.metadata.annotations',
      'Service acid-demo-pooler-repl.metadata.annotations',
      'Service acid-demo-repl.metadata.annotations',
    ],
  },
  db_hosted_zone: {
    given: balanced,
    change: { configuration: { db_hosted_zone: 'db.example.org' } },
    differs: [
      'Service acid-demo.metadata.annotations.external-dns.alpha.kubernetes.io/hostname',
      'Service acid-demo-repl.metadata.annotations.external-dns.alpha.kubernetes.io/hostname',
    ],
  },
  enable_master_load_balancer: {
    change: { configuration: { enable_master_load_balancer: 'true' } },
    differs: [
      'Service acid-demo.metadata.annotations',
      'Service acid-demo.spec.externalTrafficPolicy',
      'Service acid-demo.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo.spec.type',
    ],
  },
  enable_master_node_port: {
    change: { configuration: { enable_master_node_port: 'true' } },
    differs: ['Service acid-demo.spec.externalTrafficPolicy', 'Service acid-demo.spec.type'],
  },
  enable_master_pooler_load_balancer: {
    given: poolers,
    change: { configuration: { enable_master_pooler_load_balancer: 'true' } },
    differs: [
      'Service acid-demo-pooler.metadata.annotations',
      'Service acid-demo-pooler.spec.externalTrafficPolicy',
      'Service acid-demo-pooler.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-pooler.spec.type',
    ],
  },
  enable_master_pooler_node_port: {
    given: poolers,
    change: { configuration: { enable_master_pooler_node_port: 'true' } },
    differs: ['Service acid-demo-pooler.spec.externalTrafficPolicy', 'Service acid-demo-pooler.spec.type'],
  },
  enable_replica_load_balancer: {
    change: { configuration: { enable_replica_load_balancer: 'true' } },
    differs: [
      'Service acid-demo-repl.metadata.annotations',
      'Service acid-demo-repl.spec.externalTrafficPolicy',
      'Service acid-demo-repl.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-repl.spec.type',
    ],
  },
  enable_replica_node_port: {
    change: { configuration: { enable_replica_node_port: 'true' } },
    differs: ['Service acid-demo-repl.spec.externalTrafficPolicy', 'Service acid-demo-repl.spec.type'],
  },
  enable_replica_pooler_load_balancer: {
    given: poolers,
    change: { configuration: { enable_replica_pooler_load_balancer: 'true' } },
    differs: [
      'Service acid-demo-pooler-repl.metadata.annotations',
      'Service acid-demo-pooler-repl.spec.externalTrafficPolicy',
      'Service acid-demo-pooler-repl.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-pooler-repl.spec.type',
    ],
  },
  enable_replica_pooler_node_port: {
    given: poolers,
    change: { configuration: { enable_replica_pooler_node_port: 'true' } },
    differs: [
      'Service acid-demo-pooler-repl.spec.externalTrafficPolicy',
      'Service acid-demo-pooler-repl.spec.type',
    ],
  },
  external_traffic_policy: {
    given: balanced,
    change: { configuration: { external_traffic_policy: 'Local' } },
    differs: [
      'Service acid-demo.spec.externalTrafficPolicy',
      'Service acid-demo-repl.spec.externalTrafficPolicy',
    ],
  },
  master_dns_name_format: {
    given: balanced,
    change: { configuration: { master_dns_name_format: '{cluster}-db.{hostedzone}' } },
    differs: ['Service acid-demo.metadata.annotations.external-dns.alpha.kubernetes.io/hostname'],
  },
  master_legacy_dns_name_format: {
    given: balanced,
    change: { configuration: { master_legacy_dns_name_format: '{cluster}-old.{hostedzone}' } },
    differs: ['Service acid-demo.metadata.annotations.external-dns.alpha.kubernetes.io/hostname'],
  },
  replica_dns_name_format: {
    given: balanced,
    change: { configuration: { replica_dns_name_format: '{cluster}-ro.{hostedzone}' } },
    differs: ['Service acid-demo-repl.metadata.annotations.external-dns.alpha.kubernetes.io/hostname'],
  },
  replica_legacy_dns_name_format: {
    given: balanced,
    change: { configuration: { replica_legacy_dns_name_format: '{cluster}-old-ro.{hostedzone}' } },
    differs: ['Service acid-demo-repl.metadata.annotations.external-dns.alpha.kubernetes.io/hostname'],
  },
};
