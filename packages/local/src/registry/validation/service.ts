import { isIPv4, isIPv6 } from 'node:net';
import type { KubeObject } from '@pgherd/kube/objects';
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { serviceSpec } from '../service-allocation.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const portName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const rangesKey = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** What only some types of Service may have. */
function typeErrors(object: KubeObject): FieldError[] {
  const spec = serviceSpec(object);
  const balanced = spec.type === 'LoadBalancer';
  const external = balanced || spec.type === 'NodePort';
  const errors = sourceRangeErrors(object);
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
    if (spec[field] === undefined || balanced) continue;
    errors.push(forbidden(`spec.${field}`, "may only be used when `type` is 'LoadBalancer'"));
  }
  const { externalTrafficPolicy: policy, healthCheckNodePort: health } = spec;
  if (policy !== undefined && !external) {
    const why = 'may only be set for externally-accessible services';
    errors.push(invalid('spec.externalTrafficPolicy', policy, why));
  } else if (policy !== undefined && !['Cluster', 'Local'].includes(policy)) {
    errors.push(notSupported('spec.externalTrafficPolicy', policy, ['Cluster', 'Local']));
  }
  if (health && !(balanced && policy === 'Local')) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid('spec.healthCheckNodePort', health, why));
  }
  const internal = spec.internalTrafficPolicy;
  if (internal !== undefined && !['Cluster', 'Local'].includes(internal)) {
    errors.push(notSupported('spec.internalTrafficPolicy', internal, ['Cluster', 'Local']));
  }
  return errors;
}

/** Ranges come in the field, or in the annotation of older versions. */
function sourceRangeErrors(object: KubeObject): FieldError[] {
  const spec = serviceSpec(object);
  const given = (spec['loadBalancerSourceRanges'] ?? []) as string[];
  const annotation = object.metadata.annotations?.[rangesKey];
  if (given.length === 0 && annotation === undefined) return [];
  // The API server writes the field's name like this.
  const field = given.length > 0 ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${rangesKey}]`;
  const ranges = given.length > 0 ? given : (annotation ?? '').split(',');
  const errors: FieldError[] = [];
  if (spec.type !== 'LoadBalancer') {
    errors.push(forbidden(field, "may only be used when `type` is 'LoadBalancer'"));
  }
  const empty = given.length === 0 && (annotation ?? '').trim() === '';
  if (!empty && !ranges.every((range) => isRange(range.trim()))) {
    const value = given.length > 0 ? `[${given.join(' ')}]` : annotation;
    const why = 'must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 ';
    errors.push(invalid(field, value, why));
  }
  return errors;
}

function isRange(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return isIPv4(address) ? Number(bits) <= 32 : isIPv6(address) && Number(bits) <= 128;
}

/** What the schema cannot say of a Service, in Kubernetes' words. */
export function validateService(object: KubeObject): FieldError[] {
  const spec = serviceSpec(object);
  const errors: FieldError[] = [];
  const type = spec.type ?? 'ClusterIP';
  const ports = spec.ports ?? [];
  if (!types.includes(type)) errors.push(notSupported('spec.type', type, types));
  if (type === 'ExternalName') {
    if (!spec.externalName) errors.push(required('spec.externalName'));
  } else if (ports.length === 0 && spec.clusterIP !== 'None') {
    errors.push(required('spec.ports'));
  }
  if (spec.clusterIP === 'None' && (type === 'NodePort' || type === 'LoadBalancer')) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  errors.push(...typeErrors(object));
  if (!['None', 'ClientIP'].includes(spec.sessionAffinity ?? 'None')) {
    errors.push(notSupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  }
  const seen = new Set<string>();
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    if (port.name) {
      if (!portName.test(port.name) || port.name.length > 63) {
        errors.push(
          invalid(
            `${field}.name`,
            port.name,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
          ),
        );
      }
      if (names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name));
      names.add(port.name);
    } else if (ports.length > 1) errors.push(required(`${field}.name`));
    if (!(Number.isInteger(port.port) && port.port >= 1 && port.port <= 65535)) {
      errors.push(invalid(`${field}.port`, port.port, 'must be between 1 and 65535, inclusive'));
    }
    if (typeof port.targetPort === 'number' && (port.targetPort < 1 || port.targetPort > 65535)) {
      errors.push(invalid(`${field}.targetPort`, port.targetPort, 'must be between 1 and 65535, inclusive'));
    }
    const protocol = port.protocol ?? 'TCP';
    if (!protocols.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, protocols));
    const key = `${protocol}/${port.port}`;
    if (seen.has(key)) errors.push(duplicate(field, port));
    seen.add(key);
    if (port.nodePort && type === 'ClusterIP') {
      errors.push(forbidden(`${field}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
  }
  return errors;
}

/** The cluster IP never changes while the Service has one. */
export function validateServiceUpdate(next: KubeObject, old: KubeObject): FieldError[] {
  const now = serviceSpec(next);
  const before = serviceSpec(old);
  if (
    now.type === 'LoadBalancer' &&
    before.type === 'LoadBalancer' &&
    now['loadBalancerClass'] !== before['loadBalancerClass']
  ) {
    return [invalid('spec.loadBalancerClass', now['loadBalancerClass'], 'may not change once set')];
  }
  if (now.type === 'ExternalName' || before.type === 'ExternalName' || !before.clusterIP) return [];
  if (now.clusterIP === before.clusterIP) return [];
  return [invalid('spec.clusterIPs[0]', now.clusterIPs, 'may not change once set')];
}
