import type { ContainerPort, EndpointAddress, Pod, Service, ServicePort } from '@pgherd/kube/objects';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import { isFinished, isReady, isTerminating } from '../statefulset/pod-state.ts';

/** A pod behind a Service. */
export interface Backend {
  address: EndpointAddress;
  /** The pod passes its readiness probes. */
  ready: boolean;
  terminating: boolean;
}

/** A port as an Endpoints subset or an EndpointSlice has it. */
export interface BackendPort {
  name?: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

/** Pods that listen on the same ports. They differ only where target ports have names. */
export interface BackendGroup {
  ports: BackendPort[];
  backends: Backend[];
}

/** Does the Endpoints controller care for this Service? The endpoints of one without selector are others' business. */
export function hasSelector(service: Service): boolean {
  return Object.keys(service.spec?.selector ?? {}).length > 0 && service.spec?.type !== 'ExternalName';
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None';
}

export function selects(service: Service, pod: Pod): boolean {
  return (
    hasSelector(service) &&
    matchesLabelSelector({ matchLabels: service.spec?.selector ?? {} }, pod.metadata.labels ?? {})
  );
}

/** The selected pods that have an address and have not ended, by ports, in the order of their addresses. */
export function groupBackends(service: Service, pods: Pod[]): BackendGroup[] {
  const groups = new Map<string, BackendGroup>();
  for (const pod of pods) {
    const ip = pod.status?.podIP;
    if (!ip || isFinished(pod) || !selects(service, pod)) continue;
    const ports = (service.spec?.ports ?? []).flatMap((port) => resolvePort(pod, port) ?? []);
    // A headless Service may do without ports; for others, a pod without any of them serves nothing.
    if (ports.length === 0 && !(isHeadless(service) && (service.spec?.ports ?? []).length === 0)) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, backends: [] };
    groups.set(key, group);
    group.backends.push({
      address: addressOf(service, pod, ip),
      ready: isReady(pod),
      terminating: isTerminating(pod),
    });
  }
  for (const group of groups.values()) group.backends.sort((a, b) => compare(a.address.ip, b.address.ip));
  return [...groups.entries()].sort(([a], [b]) => compare(a, b)).map(([, group]) => group);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  return {
    ip,
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function resolvePort(pod: Pod, port: ServicePort): BackendPort | undefined {
  const protocol = port.protocol ?? 'TCP';
  const target = port.targetPort ?? port.port;
  const number = typeof target === 'number' ? target || port.port : namedPort(pod, target, protocol);
  if (number === undefined) return undefined;
  return {
    ...(port.name ? { name: port.name } : {}),
    port: number,
    protocol,
    ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
  };
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  // An IntOrString that is a number in quotes is a number.
  if (/^\d+$/.test(name)) return Number(name);
  const ports: ContainerPort[] = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}
