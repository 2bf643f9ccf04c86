import { endpointSlices, endpoints, services } from '@pgherd/kube/objects';
import type { EndpointSlice, Endpoints, KubeObject, Service } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller } from './controller.ts';
import { SERVICE_NAME } from './endpoints/slices.ts';
import { Objects, sameJson } from './objects.ts';

/** Where pods reach the API server. */
export interface ApiServerAddress {
  /** IPv4 address that the server listens on and pods can reach: the bridge's gateway. */
  address: string;
  port: number;
  /** Cluster IP of the Service `default/kubernetes`. */
  clusterIp: string;
}

const META = { name: 'kubernetes', namespace: 'default' };

/** Keeps the Service `default/kubernetes`, its Endpoints and its EndpointSlice. */
export function kubernetesServiceController(objects: Objects, server: ApiServerAddress): Controller {
  const keys = ({ metadata }: KubeObject): string[] =>
    metadata.name === META.name && metadata.namespace === META.namespace ? ['default/kubernetes'] : [];
  const { service, addresses, slice } = wanted(server);
  return {
    name: 'kubernetes-service',
    interests: [services, endpoints, endpointSlices].map((resource) => ({ resource, keys })),
    reconcile() {
      objects.createIfMissing(services, service);
      const presentAddresses = objects.get(endpoints, META.namespace, META.name);
      if (!presentAddresses) objects.create(endpoints, addresses);
      else if (!sameJson(presentAddresses.subsets, addresses.subsets)) {
        const metadata = { ...presentAddresses.metadata, labels: addresses.metadata.labels ?? {} };
        objects.update(endpoints, { ...presentAddresses, metadata, subsets: addresses.subsets ?? [] });
      }
      const presentSlice = objects.get(endpointSlices, META.namespace, META.name);
      if (!presentSlice) objects.create(endpointSlices, slice);
      else if (!sameJson([presentSlice.endpoints, presentSlice.ports], [slice.endpoints, slice.ports])) {
        const { endpoints: list, ports = [] } = slice;
        objects.update(endpointSlices, { ...presentSlice, endpoints: list, ports });
      }
      return done;
    },
  };
}

function wanted({ address, port, clusterIp }: ApiServerAddress): {
  service: Service;
  addresses: Endpoints;
  slice: EndpointSlice;
} {
  const https = { name: 'https', port, protocol: 'TCP' };
  return {
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...META, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        clusterIP: clusterIp,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      },
    },
    addresses: {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...META, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: address }], ports: [https] }],
    },
    slice: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...META, labels: { [SERVICE_NAME]: META.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [https],
    },
  };
}
