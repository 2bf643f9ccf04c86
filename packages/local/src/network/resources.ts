import type { KubeObject, Resource } from '@pgherd/kube/objects';

/** What the network and DNS watch. */
export const serviceResource: Resource = { group: '', version: 'v1', plural: 'services' };
export const endpointsResource: Resource = { group: '', version: 'v1', plural: 'endpoints' };
export const endpointSliceResource: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
};

/** One port of a Service, as written. */
export interface ServicePortSpec {
  name?: string;
  protocol?: string;
  port: number;
  nodePort?: number;
}

/** The fields of a Service that are read here. */
export interface Service extends KubeObject {
  spec?: {
    type?: string;
    clusterIP?: string;
    externalName?: string;
    sessionAffinity?: string;
    publishNotReadyAddresses?: boolean;
    ports?: ServicePortSpec[];
  };
}

interface EndpointAddress {
  ip?: string;
  hostname?: string;
}

/** The fields of an Endpoints object that are read here. */
export interface Endpoints extends KubeObject {
  subsets?:
    | {
        addresses?: EndpointAddress[] | null;
        notReadyAddresses?: EndpointAddress[] | null;
        ports?: { name?: string; port?: number; protocol?: string }[] | null;
      }[]
    | null;
}

/** The fields of an EndpointSlice that are read here. */
export interface EndpointSlice extends KubeObject {
  addressType?: string;
  endpoints?:
    | {
        addresses?: string[] | null;
        hostname?: string;
        conditions?: { ready?: boolean | null };
      }[]
    | null;
  ports?: { name?: string; port?: number; protocol?: string }[] | null;
}
