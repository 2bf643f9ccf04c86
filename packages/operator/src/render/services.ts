import type { Desired } from '../kinds.ts';
import { kinds } from '../kinds.ts';
import { selectorLabels, withRole, type Labels } from '../labels.ts';
import { primaryServiceName, replicaServiceName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { clusterObject } from './metadata.ts';

type Role = 'master' | 'replica';

/** The Services of the primary and of the replicas. Both always exist. */
export function renderServices(input: RenderInput): Desired[] {
  return [renderService(input, 'master'), renderService(input, 'replica')];
}

function renderService(input: RenderInput, role: Role): Desired {
  const { configuration, manifest } = input;
  const { name } = identityOf(manifest);
  const type = serviceType(input, role);
  // With Endpoints as Patroni's store, the primary's Endpoints are the leader lock: Patroni writes them itself.
  const selected = role === 'replica' || configuration.kubernetes_use_configmaps;
  return clusterObject(
    input,
    kinds.service,
    role === 'master' ? primaryServiceName(name) : replicaServiceName(name),
    {
      spec: {
        type,
        ...(selected ? { selector: withRole(configuration, selectorLabels(configuration, name), role) } : {}),
        ports: [
          {
            name: 'postgresql',
            port: 5432,
            protocol: 'TCP',
            targetPort: 5432,
            ...nodePort(input, role),
          },
        ],
        ...(type === 'LoadBalancer' ? { loadBalancerSourceRanges: sourceRanges(input) } : {}),
      },
    },
    {
      labels: { [configuration.pod_role_label]: role },
      annotations: serviceAnnotations(input, role),
    },
  );
}

function serviceType(input: RenderInput, role: Role): 'ClusterIP' | 'NodePort' | 'LoadBalancer' {
  const { configuration, manifest } = input;
  const { spec } = manifest;
  if (role === 'master' ? spec.enableMasterNodePort : spec.enableReplicaNodePort) return 'NodePort';
  const balancer =
    role === 'master'
      ? (spec.enableMasterLoadBalancer ?? configuration.enable_master_load_balancer)
      : (spec.enableReplicaLoadBalancer ?? configuration.enable_replica_load_balancer);
  return balancer ? 'LoadBalancer' : 'ClusterIP';
}

/** A fixed node port counts only when the manifest itself asks for a NodePort Service. */
function nodePort(input: RenderInput, role: Role): { nodePort?: number } {
  const { spec } = input.manifest;
  const [enabled, port] =
    role === 'master'
      ? [spec.enableMasterNodePort, spec.masterNodePort]
      : [spec.enableReplicaNodePort, spec.replicaNodePort];
  return enabled === true && port !== undefined && port !== 0 ? { nodePort: port } : {};
}

function sourceRanges(input: RenderInput): string[] {
  const ranges = input.manifest.spec.allowedSourceRanges ?? [];
  return ranges.length > 0 ? ranges : ['127.0.0.1/32'];
}

function serviceAnnotations(input: RenderInput, role: Role): Labels {
  const { configuration, manifest } = input;
  const { spec } = manifest;
  return {
    ...configuration.custom_service_annotations,
    ...spec.serviceAnnotations,
    ...(role === 'master' ? spec.masterServiceAnnotations : spec.replicaServiceAnnotations),
  };
}
