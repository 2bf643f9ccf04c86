import { isIPv4 } from 'node:net';
import type { KubeObject } from '@pgherd/kube/objects';
import { keyOf, subsetsByService } from './endpoints.ts';
import type { Service } from './resources.ts';

/** Where a connection to a cluster IP ends. */
export interface Backend {
  address: string;
  port: number;
}

/** One port of one cluster IP and where its connections go. */
export interface ServicePort {
  namespace: string;
  service: string;
  /** Name of the port; `''` for the only, unnamed one. */
  name: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  clusterIp: string;
  port: number;
  /** Port of the node's address that leads there too: of types NodePort and LoadBalancer. */
  nodePort?: number;
  /** `sessionAffinity: ClientIP`. */
  clientAffinity: boolean;
  /** Ready endpoints, each once, sorted. */
  backends: Backend[];
}

/** The addresses and ports that lead to the backends: the cluster IP's, and those of the nodes. */
export function placesOf(
  { clusterIp, port, nodePort }: ServicePort,
  nodeAddresses: readonly string[],
): { address: string; port: number }[] {
  const own = { address: clusterIp, port };
  return nodePort === undefined
    ? [own]
    : [own, ...nodeAddresses.map((address) => ({ address, port: nodePort }))];
}

/**
 * Every port of every cluster IP, sorted by name. Headless and ExternalName Services have none. Endpoints
 * match by port name and protocol, as in kube-proxy. Of two Services with one cluster IP the first by name
 * has it.
 */
export function servicePorts(
  services: readonly KubeObject[],
  endpoints: readonly KubeObject[],
  slices: readonly KubeObject[] = [],
): ServicePort[] {
  const subsets = subsetsByService(endpoints, slices);
  const sorted = (services as readonly Service[]).toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const taken = new Set<string>();
  const result: ServicePort[] = [];
  for (const service of sorted) {
    const { clusterIP, type, ports, sessionAffinity, publishNotReadyAddresses } = service.spec ?? {};
    if (clusterIP === undefined || !isIPv4(clusterIP) || type === 'ExternalName') continue;
    for (const spec of ports ?? []) {
      const protocol = toProtocol(spec.protocol);
      const place = `${clusterIP} ${protocol} ${spec.port}`;
      if (protocol === undefined || !isPort(spec.port) || taken.has(place)) continue;
      taken.add(place);
      const backends = new Map<string, Backend>();
      for (const subset of subsets.get(keyOf(service)) ?? []) {
        for (const port of subset.ports) {
          if (port.name !== (spec.name ?? '') || toProtocol(port.protocol) !== protocol || !isPort(port.port))
            continue;
          for (const { address, ready } of subset.endpoints) {
            if (!ready && publishNotReadyAddresses !== true) continue;
            backends.set(`${address}:${port.port}`, { address, port: port.port });
          }
        }
      }
      result.push({
        namespace: service.metadata.namespace ?? '',
        service: service.metadata.name ?? '',
        name: spec.name ?? '',
        protocol,
        clusterIp: clusterIP,
        port: spec.port,
        ...(hasNodePorts(type) && isPort(spec.nodePort ?? 0) ? { nodePort: spec.nodePort } : {}),
        clientAffinity: sessionAffinity === 'ClientIP',
        backends: [...backends].toSorted(([a], [b]) => compare(a, b)).map(([, backend]) => backend),
      });
    }
  }
  return result;
}

function hasNodePorts(type: string | undefined): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

function toProtocol(protocol: string | undefined): ServicePort['protocol'] | undefined {
  const name = (protocol ?? 'TCP').toLowerCase();
  return name === 'tcp' || name === 'udp' || name === 'sctp' ? name : undefined;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
