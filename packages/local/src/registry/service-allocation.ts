import type { KubeObject } from '@pgherd/kube/objects';
import { invalidError, type FieldError } from '@pgherd/kube/schema';
import type { Surroundings } from './definition.ts';
import { addressesOf, isInSubnet } from './subnet.ts';

export interface ServicePort {
  name?: string;
  port: number;
  protocol?: string;
  targetPort?: number | string;
  nodePort?: number;
  appProtocol?: string;
}

export interface ServiceSpec {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  ports?: ServicePort[];
  selector?: Record<string, string>;
  internalTrafficPolicy?: string;
  externalTrafficPolicy?: string;
  allocateLoadBalancerNodePorts?: boolean;
  healthCheckNodePort?: number;
  externalName?: string;
  sessionAffinity?: string;
  sessionAffinityConfig?: unknown;
  [field: string]: unknown;
}

/** Kubernetes' default range of node ports. */
const nodePorts = { first: 30000, asked: 30086, last: 32767 };

export const serviceSpec = (object: KubeObject): ServiceSpec => (object['spec'] ?? {}) as ServiceSpec;

/** A load balancer would ask this port whether the node has endpoints. */
function wantsHealthCheck(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

function usesNodePorts(spec: ServiceSpec): boolean {
  if (spec.type === 'NodePort') return true;
  return spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

/** Fields that only Services with the type behind them have. */
const typeFields: readonly (readonly [field: string, types: readonly string[]])[] = [
  ['externalTrafficPolicy', ['NodePort', 'LoadBalancer']],
  ['allocateLoadBalancerNodePorts', ['LoadBalancer']],
  ['loadBalancerClass', ['LoadBalancer']],
  ['healthCheckNodePort', ['LoadBalancer']],
];

/** What belongs to the type of before and was not touched goes with that type. */
function dropFieldsOfOtherType(spec: ServiceSpec, before: ServiceSpec): void {
  for (const [field, types] of typeFields) {
    const leaves = types.includes(before.type ?? '') && !types.includes(spec.type ?? '');
    if (leaves && spec[field] === before[field]) delete spec[field];
  }
  const checked = before.externalTrafficPolicy === 'Local' && spec.externalTrafficPolicy !== 'Local';
  if (checked && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
}

/** Fills in what an update left out: cluster IP and node ports stay where they were. */
export function keepAllocations(next: KubeObject, old: KubeObject): void {
  const spec = serviceSpec(next);
  const before = serviceSpec(old);
  dropFieldsOfOtherType(spec, before);
  if (wantsHealthCheck(spec) && wantsHealthCheck(before) && before.healthCheckNodePort) {
    spec.healthCheckNodePort ??= before.healthCheckNodePort;
  }
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return;
  if (!spec.clusterIP && before.clusterIP) {
    spec.clusterIP = before.clusterIP;
    if (before.clusterIPs) spec.clusterIPs ??= [...before.clusterIPs];
  }
  if (!usesNodePorts(spec) || !usesNodePorts(before)) return;
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    const same = before.ports?.find((p) => p.port === port.port && protocol(p) === protocol(port));
    if (same?.nodePort) port.nodePort = same.nodePort;
  }
}

/**
 * Gives a Service its cluster IP and node ports. What is taken is known from the Services themselves, so there
 * is no allocation that could get lost.
 *
 * @throws ApiError 422 when an asked one is taken or outside the range, 500 when the range is used up.
 */
export function allocateService(object: KubeObject, old: KubeObject | undefined, around: Surroundings): void {
  const spec = serviceSpec(object);
  object['spec'] = spec;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') {
      port.targetPort = port.port;
    }
  }
  if (spec.type === 'ExternalName') {
    for (const field of [
      'clusterIP',
      'clusterIPs',
      'ipFamilies',
      'ipFamilyPolicy',
      'internalTrafficPolicy',
    ]) {
      delete spec[field];
    }
    return;
  }
  spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  allocateAddress(object, spec, old, around);
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (usesNodePorts(spec)) allocateNodePorts(object, spec, around);
  allocateHealthCheck(object, spec, around);
  if (usesNodePorts(spec)) return;
  if (spec.type === 'ClusterIP' && old && serviceSpec(old).type !== 'ClusterIP') {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
}

function allocateAddress(
  object: KubeObject,
  spec: ServiceSpec,
  old: KubeObject | undefined,
  around: Surroundings,
): void {
  if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0];
  if (spec.clusterIP === 'None') {
    spec.clusterIPs = ['None'];
    return;
  }
  if (old && serviceSpec(old).clusterIP === spec.clusterIP && spec.clusterIP) {
    spec.clusterIPs ??= [spec.clusterIP];
    return;
  }
  const taken = new Set(others(object, around).map((s) => serviceSpec(s).clusterIP));
  const isKubernetes = object.metadata.namespace === 'default' && object.metadata.name === 'kubernetes';
  if (!isKubernetes) taken.add(around.kubernetesServiceIp);
  if (spec.clusterIP) {
    const { clusterIP } = spec;
    const fail = (detail: string) =>
      refuse(object, 'spec.clusterIPs', spec.clusterIPs ?? [clusterIP], detail);
    if (!isInSubnet(clusterIP, around.serviceSubnet)) {
      throw fail(`failed to allocate IP ${clusterIP}: the provided network does not match the current range`);
    }
    if (taken.has(clusterIP))
      throw fail(`failed to allocate IP ${clusterIP}: provided IP is already allocated`);
    spec.clusterIPs ??= [clusterIP];
    return;
  }
  for (const address of addressesOf(around.serviceSubnet)) {
    if (taken.has(address)) continue;
    spec.clusterIP = address;
    spec.clusterIPs = [address];
    return;
  }
  throw refuse(object, 'spec.clusterIPs', [], 'failed to allocate an IP: range is full');
}

/** Every `number/protocol` of the others' node ports. */
function takenNodePorts(object: KubeObject, around: Surroundings): Set<string> {
  const taken = new Set<string>();
  for (const service of others(object, around)) {
    const { ports = [], healthCheckNodePort } = serviceSpec(service);
    for (const port of ports) if (port.nodePort) taken.add(`${port.nodePort}/${protocol(port)}`);
    if (healthCheckNodePort) taken.add(`${healthCheckNodePort}/TCP`);
  }
  return taken;
}

/** The first 86 numbers are left to those who ask for one, as long as there are others: Kubernetes' own rule. */
function freeNodePort(taken: ReadonlySet<string>, name: string): number | undefined {
  const { first, asked, last } = nodePorts;
  const isFree = (port: number): boolean => !taken.has(`${port}/${name}`);
  for (let port = asked; port <= last; port++) if (isFree(port)) return port;
  for (let port = first; port < asked; port++) if (isFree(port)) return port;
  return undefined;
}

/** The number for `healthCheckNodePort`: TCP, and none of the Service's own. */
function allocateHealthCheck(object: KubeObject, spec: ServiceSpec, around: Surroundings): void {
  if (!wantsHealthCheck(spec) || spec.healthCheckNodePort) return;
  const taken = takenNodePorts(object, around);
  for (const port of spec.ports ?? []) taken.add(`${port.nodePort ?? 0}/TCP`);
  const free = freeNodePort(taken, 'TCP');
  if (free === undefined) throw refuse(object, 'spec.healthCheckNodePort', 0, 'range is full');
  spec.healthCheckNodePort = free;
}

function allocateNodePorts(object: KubeObject, spec: ServiceSpec, around: Surroundings): void {
  const taken = takenNodePorts(object, around);
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const field = `spec.ports[${index}].nodePort`;
    if (port.nodePort) {
      const { first, last } = nodePorts;
      if (port.nodePort < first || port.nodePort > last) {
        throw refuse(
          object,
          field,
          port.nodePort,
          `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
        );
      }
      if (taken.has(`${port.nodePort}/${protocol(port)}`)) {
        throw refuse(object, field, port.nodePort, 'provided port is already allocated');
      }
    } else {
      const free = freeNodePort(taken, protocol(port));
      if (free === undefined) throw refuse(object, field, 0, 'range is full');
      port.nodePort = free;
    }
    taken.add(`${port.nodePort}/${protocol(port)}`);
  }
}

function protocol(port: ServicePort): string {
  return port.protocol ?? 'TCP';
}

function others(object: KubeObject, around: Surroundings): KubeObject[] {
  const { name, namespace } = object.metadata;
  return around.store
    .list('services')
    .filter((s) => s.metadata.name !== name || s.metadata.namespace !== namespace);
}

function refuse(object: KubeObject, field: string, value: unknown, detail: string): Error {
  const error: FieldError = { type: 'FieldValueInvalid', field, value, detail };
  return invalidError({ group: '', kind: 'Service' }, object.metadata.name ?? '', [error]);
}
