import type { KubeObject } from '@pgherd/kube/objects';
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { serviceSpec } from '../service-allocation.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const portName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

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
  if (now.type === 'ExternalName' || before.type === 'ExternalName' || !before.clusterIP) return [];
  if (now.clusterIP === before.clusterIP) return [];
  return [invalid('spec.clusterIPs[0]', now.clusterIPs, 'may not change once set')];
}
