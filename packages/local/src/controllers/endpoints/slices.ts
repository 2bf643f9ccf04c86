import { createHash } from 'node:crypto';
import { endpointSlices } from '@pgherd/kube/objects';
import type {
  EndpointAddress,
  EndpointSlice,
  Endpoints,
  KubeObject,
  Pod,
  Service,
} from '@pgherd/kube/objects';
import { Objects, sameJson, withMetadata } from '../objects.ts';
import { groupBackends, isHeadless } from './backends.ts';
import type { BackendPort } from './backends.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io';
export const MIRRORING_CONTROLLER = 'endpointslicemirroring-controller.k8s.io';

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

/** The slices of a Service with selector: terminating pods are in them, and said to be so. */
export function slicesOfService(service: Service, pods: Pod[]): EndpointSlice[] {
  const all = service.spec?.publishNotReadyAddresses === true;
  const labels = {
    ...service.metadata.labels,
    ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
  };
  return groupBackends(service, pods).map(({ ports, backends }) =>
    build(
      service,
      SLICE_CONTROLLER,
      labels,
      ports,
      backends.map(({ address, ready, terminating }) => ({
        ...endpointOf(address),
        conditions: { ready: all || (ready && !terminating), serving: ready, terminating },
      })),
    ),
  );
}

/** The slices that say the same as Endpoints which somebody wrote for a Service without selector. */
export function mirrorsOf(endpoints: Endpoints): EndpointSlice[] {
  return (endpoints.subsets ?? []).map((subset) => {
    const ports = (subset.ports ?? []).map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' }));
    const of = (addresses: EndpointAddress[] | undefined, ready: boolean): Endpoint[] =>
      (addresses ?? []).map((address) => ({ ...endpointOf(address), conditions: { ready } }));
    return build(endpoints, MIRRORING_CONTROLLER, endpoints.metadata.labels ?? {}, ports, [
      ...of(subset.addresses, true),
      ...of(subset.notReadyAddresses, false),
    ]);
  });
}

/** Makes the slices of one manager for one Service what they should be; those of other managers are left alone. */
export function applySlices(
  objects: Objects,
  namespace: string,
  serviceName: string,
  manager: string,
  wanted: EndpointSlice[],
): void {
  const present = objects.list(endpointSlices, namespace, {
    labels: { [SERVICE_NAME]: serviceName, [MANAGED_BY]: manager },
  });
  for (const slice of wanted) {
    const old = present.find(({ metadata }) => metadata.name === slice.metadata.name);
    if (!old) {
      objects.createIfMissing(endpointSlices, slice);
      continue;
    }
    const { labels = {}, ownerReferences = [] } = slice.metadata;
    const same =
      sameJson(old.endpoints, slice.endpoints) &&
      sameJson(old.ports ?? [], slice.ports ?? []) &&
      sameJson(old.metadata.labels, labels) &&
      sameJson(old.metadata.ownerReferences, ownerReferences);
    if (same) continue;
    const { endpoints, ports } = slice;
    objects.update(endpointSlices, {
      ...withMetadata(old, { labels, ownerReferences }),
      endpoints,
      ...(ports ? { ports } : {}),
    });
  }
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  for (const slice of present) if (!names.has(slice.metadata.name)) objects.delete(endpointSlices, slice);
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress): Omit<Endpoint, 'conditions'> {
  return {
    addresses: [ip],
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

/** The name follows from the ports, so that a slice is found again without remembering it. */
function build(
  owner: KubeObject,
  manager: string,
  labels: Record<string, string>,
  ports: BackendPort[],
  endpoints: Endpoint[],
): EndpointSlice {
  const { name = '', namespace = '', uid = '' } = owner.metadata;
  const hash = createHash('sha256')
    .update(`${manager} ${JSON.stringify(ports)}`)
    .digest('hex')
    .slice(0, 8);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: manager },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: manager === SLICE_CONTROLLER ? 'Service' : 'Endpoints',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    addressType: 'IPv4',
    endpoints,
    // Slices name every port, if only with the empty name.
    ports: ports.map((port) => ({ ...port, name: port.name ?? '' })),
  };
}
