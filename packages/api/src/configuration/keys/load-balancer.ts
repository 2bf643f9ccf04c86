import { annotations } from '../collections.ts';
import { inGroup } from '../key.ts';
import { oneOf, template } from '../words.ts';

const { key, flag, words } = inGroup('load_balancer');

function dnsName(value: string, service: string) {
  return key({
    kind: template([], ['cluster', 'namespace', 'team', 'hostedzone']),
    default: value,
    description: `Name in DNS of the load balancer ${service}; \`{cluster}\`, \`{namespace}\`, \`{team}\` and \`{hostedzone}\` are replaced.`,
    inResource: {
      zalando: 'empty if the group `load_balancer` is missing',
      decision: 'The default holds in both forms, whatever groups are there.',
    },
  });
}

export const loadBalancerKeys = {
  custom_service_annotations: key({
    kind: annotations,
    default: {},
    description: 'Annotations of all Services.',
  }),
  db_hosted_zone: words('db.example.com', 'What `{hostedzone}` stands for in names in DNS.'),
  enable_master_load_balancer: flag(
    false,
    'Whether the Service of the primary is a load balancer, unless the manifest says.',
    {
      differs: {
        zalando: 'true',
        why: 'Nobody should be reachable from outside without having asked for it.',
      },
      inResource: {
        zalando: 'false',
        decision: "`false` in both forms; a ConfigMap that relies on Zalando's `true` must say so.",
      },
    },
  ),
  enable_master_node_port: flag(
    false,
    'Whether the Service of the primary is of type NodePort, unless the manifest says.',
  ),
  enable_master_pooler_load_balancer: flag(
    false,
    "Whether the Service of the primary's pooler is a load balancer, unless the manifest says.",
  ),
  enable_master_pooler_node_port: flag(
    false,
    "Whether the Service of the primary's pooler is of type NodePort, unless the manifest says.",
  ),
  enable_replica_load_balancer: flag(
    false,
    'Whether the Service of the replicas is a load balancer, unless the manifest says.',
  ),
  enable_replica_node_port: flag(
    false,
    'Whether the Service of the replicas is of type NodePort, unless the manifest says.',
  ),
  enable_replica_pooler_load_balancer: flag(
    false,
    "Whether the Service of the replicas' pooler is a load balancer, unless the manifest says.",
  ),
  enable_replica_pooler_node_port: flag(
    false,
    "Whether the Service of the replicas' pooler is of type NodePort, unless the manifest says.",
  ),
  external_traffic_policy: key({
    kind: oneOf('Cluster', 'Local'),
    default: 'Cluster',
    description:
      'Whether load balancers and node ports reach pods on other nodes (`Cluster`) or keep the address of the client (`Local`).',
  }),
  master_dns_name_format: dnsName('{cluster}.{namespace}.{hostedzone}', 'of the primary'),
  master_legacy_dns_name_format: dnsName(
    '{cluster}.{team}.{hostedzone}',
    "of the primary, as a second name of clusters whose name begins with their team's",
  ),
  replica_dns_name_format: dnsName('{cluster}-repl.{namespace}.{hostedzone}', 'of the replicas'),
  replica_legacy_dns_name_format: dnsName(
    '{cluster}-repl.{team}.{hostedzone}',
    "of the replicas, as a second name of clusters whose name begins with their team's",
  ),
};
