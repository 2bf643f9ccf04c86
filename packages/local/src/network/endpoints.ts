import { isIPv4 } from 'node:net';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Endpoints, EndpointSlice } from './resources.ts';

/** One address behind a Service. */
export interface Endpoint {
  address: string;
  hostname?: string;
  ready: boolean;
}

/** Addresses that serve the same ports. */
export interface Subset {
  endpoints: Endpoint[];
  /** `name` is `''` for an unnamed port, `protocol` is upper case. */
  ports: { name: string; protocol: string; port: number }[];
}

/** `namespace/name` of an object. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

/**
 * What stands behind each Service, by `namespace/name`. An Endpoints object is the truth, because Patroni
 * writes it itself for Services without a selector; EndpointSlices count only where no Endpoints object
 * exists. Only IPv4.
 */
export function subsetsByService(
  endpoints: readonly KubeObject[],
  slices: readonly KubeObject[] = [],
): Map<string, Subset[]> {
  const result = new Map<string, Subset[]>();
  for (const object of endpoints as readonly Endpoints[]) {
    result.set(
      keyOf(object),
      (object.subsets ?? []).map((subset) => ({
        endpoints: [
          ...(subset.addresses ?? []).flatMap(({ ip, hostname }) => endpoint(ip, hostname, true)),
          ...(subset.notReadyAddresses ?? []).flatMap(({ ip, hostname }) => endpoint(ip, hostname, false)),
        ],
        ports: ports(subset.ports),
      })),
    );
  }
  const fromSlices = new Map<string, Subset[]>();
  for (const slice of slices as readonly EndpointSlice[]) {
    const service = slice.metadata.labels?.['kubernetes.io/service-name'];
    const key = `${slice.metadata.namespace ?? ''}/${service ?? ''}`;
    if (service === undefined || slice.addressType !== 'IPv4' || result.has(key)) continue;
    const subset = {
      endpoints: (slice.endpoints ?? []).flatMap(({ addresses, hostname, conditions }) =>
        // All addresses of one entry reach the same pod; consumers take the first. No condition means ready.
        endpoint(addresses?.[0], hostname, conditions?.ready ?? true),
      ),
      ports: ports(slice.ports),
    };
    fromSlices.set(key, [...(fromSlices.get(key) ?? []), subset]);
  }
  return new Map([...fromSlices, ...result]);
}

function endpoint(address: string | undefined, hostname: string | undefined, ready: boolean): Endpoint[] {
  if (address === undefined || !isIPv4(address)) return [];
  return [{ address, ready, ...(hostname !== undefined && hostname !== '' ? { hostname } : {}) }];
}

function ports(
  list: readonly { name?: string; port?: number; protocol?: string }[] | null | undefined,
): Subset['ports'] {
  return (list ?? []).flatMap(({ name, port, protocol }) =>
    port === undefined ? [] : [{ name: name ?? '', protocol: protocol ?? 'TCP', port }],
  );
}
