import type { KubeObject } from '@pgherd/kube/objects';
import { isIPv4 } from 'node:net';
import { keyOf, subsetsByService } from '../network/endpoints.ts';
import type { Service } from '../network/resources.ts';

/** The cluster's domain. */
export const clusterDomain = 'cluster.local';
/** Version of the specification of Kubernetes' DNS that the records follow. */
const schemaVersion = '1.1.0';

/** The value of one record; names are lower case without a trailing dot. */
export type ZoneRecord =
  | { type: 'A'; address: string }
  | { type: 'CNAME'; target: string }
  | { type: 'PTR' | 'NS'; target: string }
  | { type: 'SRV'; target: string; port: number }
  | { type: 'TXT'; text: string };

/** Every name that exists, with its records; a name between others exists without any. */
export interface Zone {
  names: ReadonlyMap<string, readonly ZoneRecord[]>;
  /** Reverse domains (`7.213.10.in-addr.arpa`) that are answered here and never asked upstream. */
  reverseDomains: readonly string[];
}

/** What the zone is made of. */
export interface ZoneSource {
  services: readonly KubeObject[];
  endpoints: readonly KubeObject[];
  slices?: readonly KubeObject[];
  /** Address of this server. */
  server: string;
  /** The ranges of pods and cluster IPs, both /24. */
  subnets: readonly string[];
}

/**
 * The records of Kubernetes' DNS specification. Beyond it, as CoreDNS does: a pod's host name exists under a
 * Service with a cluster IP too; an endpoint without host name is called after its address (`10-213-7-2`).
 */
export function buildZone({ services, endpoints, slices = [], server, subnets }: ZoneSource): Zone {
  const names = new Map<string, ZoneRecord[]>();
  const reverseDomains = subnets.map((subnet) =>
    reverseName(subnet.split('/')[0]!).split('.').slice(1).join('.'),
  );

  const add = (name: string, record: ZoneRecord): void => {
    const records = names.get(name);
    if (records === undefined) {
      names.set(name, [record]);
      // All names above exist too, without records: their answer is "no such data", not "no such name".
      for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
        const parent = name.slice(at + 1);
        if (names.has(parent)) break;
        if (!parent.endsWith(clusterDomain) && !reverseDomains.some((domain) => parent.endsWith(domain)))
          break;
        names.set(parent, []);
      }
    } else if (!records.some((other) => JSON.stringify(other) === JSON.stringify(record))) {
      records.push(record);
    }
  };

  const nameServer = `ns.dns.${clusterDomain}`;
  names.set(clusterDomain, []);
  for (const domain of reverseDomains) names.set(domain, []);
  add(clusterDomain, { type: 'NS', target: nameServer });
  add(nameServer, { type: 'A', address: server });
  add(`dns-version.${clusterDomain}`, { type: 'TXT', text: schemaVersion });
  names.set(`svc.${clusterDomain}`, []);

  const subsets = subsetsByService(endpoints, slices);
  for (const service of services as readonly Service[]) {
    const { type, clusterIP, externalName, ports, publishNotReadyAddresses } = service.spec ?? {};
    const { name = '', namespace = '' } = service.metadata;
    const own = `${name}.${namespace}.svc.${clusterDomain}`.toLowerCase();
    if (type === 'ExternalName') {
      if (externalName) add(own, { type: 'CNAME', target: externalName.toLowerCase().replace(/\.$/, '') });
      continue;
    }
    const headless = clusterIP === 'None';
    if (!headless && (clusterIP === undefined || !isIPv4(clusterIP))) continue;
    if (!headless) {
      add(own, { type: 'A', address: clusterIP });
      add(reverseName(clusterIP), { type: 'PTR', target: own });
      for (const port of ports ?? []) {
        if (port.name)
          add(serviceName(port.name, port.protocol, own), { type: 'SRV', target: own, port: port.port });
      }
    }
    for (const subset of subsets.get(keyOf(service)) ?? []) {
      for (const { address, hostname, ready } of subset.endpoints) {
        if (!ready && publishNotReadyAddresses !== true) continue;
        const pod = `${hostname ?? address.replaceAll('.', '-')}.${own}`.toLowerCase();
        if (headless || hostname !== undefined) add(pod, { type: 'A', address });
        if (!headless) continue;
        add(own, { type: 'A', address });
        add(reverseName(address), { type: 'PTR', target: pod });
        for (const port of subset.ports) {
          if (port.name)
            add(serviceName(port.name, port.protocol, own), { type: 'SRV', target: pod, port: port.port });
        }
      }
    }
  }
  return { names, reverseDomains };
}

function serviceName(port: string, protocol: string | undefined, service: string): string {
  return `_${port}._${protocol ?? 'TCP'}.${service}`.toLowerCase();
}

/** `10.213.7.2` → `2.7.213.10.in-addr.arpa`. */
export function reverseName(address: string): string {
  return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
}
