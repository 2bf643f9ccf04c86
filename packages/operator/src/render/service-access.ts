import type { ServiceSpec } from '@pgherd/kube/objects';
import { inheritedAnnotations, type Labels } from '../labels.ts';
import type { ServiceRole } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';

/** What a Service leads to: the members of one role, or the pooler before them. */
export interface ServiceTarget {
  role: ServiceRole;
  pooler: boolean;
}

/** How a Service is reached from outside. */
export interface Access {
  type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  /** Undefined: Kubernetes chooses. */
  nodePort: number | undefined;
}

/** What manifest and configuration say about one target. */
interface Switches {
  /** The manifest's words, or else the operator's. */
  loadBalancer: boolean;
  nodePort: boolean;
  /** The manifest's port; it counts only when the manifest itself asks for a NodePort Service. */
  fixedPort: number | undefined;
}

function switchesOf({ manifest: { spec }, configuration }: RenderInput, target: ServiceTarget): Switches {
  const { role, pooler } = target;
  const choose = (
    balancer: boolean | undefined,
    balancerDefault: boolean,
    nodePort: boolean | undefined,
    nodePortDefault: boolean,
    port: number | undefined,
  ): Switches => ({
    loadBalancer: balancer ?? balancerDefault,
    nodePort: nodePort ?? nodePortDefault,
    fixedPort: nodePort === true && port !== 0 ? port : undefined,
  });
  if (pooler && role === 'master') {
    return choose(
      spec.enableMasterPoolerLoadBalancer,
      configuration.enable_master_pooler_load_balancer,
      spec.enableMasterPoolerNodePort,
      configuration.enable_master_pooler_node_port,
      spec.masterPoolerNodePort,
    );
  }
  if (pooler) {
    return choose(
      spec.enableReplicaPoolerLoadBalancer,
      configuration.enable_replica_pooler_load_balancer,
      spec.enableReplicaPoolerNodePort,
      configuration.enable_replica_pooler_node_port,
      spec.replicaPoolerNodePort,
    );
  }
  if (role === 'master') {
    return choose(
      spec.enableMasterLoadBalancer,
      configuration.enable_master_load_balancer,
      spec.enableMasterNodePort,
      configuration.enable_master_node_port,
      spec.masterNodePort,
    );
  }
  return choose(
    spec.enableReplicaLoadBalancer,
    configuration.enable_replica_load_balancer,
    spec.enableReplicaNodePort,
    configuration.enable_replica_node_port,
    spec.replicaNodePort,
  );
}

/** Type of a Service: a node port wins over a load balancer. */
export function accessOf(input: RenderInput, target: ServiceTarget): Access {
  const { loadBalancer, nodePort, fixedPort } = switchesOf(input, target);
  return { type: nodePort ? 'NodePort' : loadBalancer ? 'LoadBalancer' : 'ClusterIP', nodePort: fixedPort };
}

/** Fields of a Service's spec that follow from how it is reached. */
export function accessFields(input: RenderInput, { type }: Access): Partial<ServiceSpec> {
  const { configuration } = input;
  return {
    type,
    // Empty is said, too: Kubernetes refuses ranges that are left behind when a Service is no load balancer any more.
    loadBalancerSourceRanges: type === 'LoadBalancer' ? sourceRanges(input) : [],
    ...(type === 'ClusterIP' ? {} : { externalTrafficPolicy: configuration.external_traffic_policy }),
  };
}

/** Without ranges a load balancer would be open to everybody. */
function sourceRanges(input: RenderInput): string[] {
  const ranges = input.manifest.spec.allowedSourceRanges ?? [];
  return ranges.length > 0 ? ranges : ['127.0.0.1/32'];
}

/** Annotation that external-dns makes names in DNS from. */
const hostname = 'external-dns.alpha.kubernetes.io/hostname';

/** Annotations of a Service; what comes later wins. */
export function serviceAnnotations(input: RenderInput, target: ServiceTarget): Labels {
  const { configuration, manifest } = input;
  const { spec } = manifest;
  const names =
    accessOf(input, target).type === 'LoadBalancer' ? dnsNames(input, target).filter((n) => n !== '') : [];
  return {
    ...configuration.custom_service_annotations,
    ...spec.serviceAnnotations,
    ...(target.role === 'master' ? spec.masterServiceAnnotations : spec.replicaServiceAnnotations),
    ...(names.length > 0 ? { [hostname]: names.join(',') } : {}),
    ...inheritedAnnotations(configuration, manifest),
  };
}

/** Names in DNS; a cluster whose name begins with its team has a second one, from before names began so. */
function dnsNames(input: RenderInput, { role, pooler }: ServiceTarget): string[] {
  const { configuration } = input;
  const { name } = identityOf(input.manifest);
  const [format, legacyFormat] =
    role === 'master'
      ? [configuration.master_dns_name_format, configuration.master_legacy_dns_name_format]
      : [configuration.replica_dns_name_format, configuration.replica_legacy_dns_name_format];
  if (pooler) return [dnsName(input, format, `${name}-pooler`)];
  const rest = withoutTeam(name, input.manifest.spec.teamId);
  return [dnsName(input, format, name), ...(rest === undefined ? [] : [dnsName(input, legacyFormat, rest)])];
}

function dnsName({ manifest, configuration }: RenderInput, format: string, cluster: string): string {
  return format
    .replaceAll('{cluster}', cluster)
    .replaceAll('{namespace}', identityOf(manifest).namespace)
    .replaceAll('{team}', manifest.spec.teamId)
    .replaceAll('{hostedzone}', configuration.db_hosted_zone)
    .toLowerCase();
}

/** `demo` of `acid-demo` of the team `acid`; undefined when the name does not begin with the team. */
function withoutTeam(cluster: string, team: string): string | undefined {
  const prefix = `${team}-`.toLowerCase();
  if (team === '' || cluster.length <= prefix.length) return undefined;
  return cluster.toLowerCase().startsWith(prefix) ? cluster.slice(prefix.length) : undefined;
}
