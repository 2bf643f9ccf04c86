import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import type { Instance } from '../instance/instance.ts';
import type { Registry } from '../registry/registry.ts';
import { endpointsResource } from './resources.ts';

/** What `publishApiServer` needs of the registry. */
export type EndpointsWriter = Pick<Registry, 'get' | 'create' | 'update'>;

/** The Endpoints of `default/kubernetes`: the API server as pods reach it, on the gateway. */
export function apiServerEndpoints(instance: Pick<Instance, 'gateway' | 'apiPort'>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default' },
    subsets: [
      {
        addresses: [{ ip: instance.gateway }],
        ports: [{ name: 'https', port: instance.apiPort, protocol: 'TCP' }],
      },
    ],
  };
}

/** Writes these Endpoints unless they stand already, as Kubernetes' API server does for itself. */
export function publishApiServer(
  registry: EndpointsWriter,
  instance: Pick<Instance, 'gateway' | 'apiPort'>,
): void {
  const wanted = apiServerEndpoints(instance);
  const options = { fieldManager: 'kube-apiserver' };
  let found: KubeObject;
  try {
    found = registry.get(endpointsResource, 'default', 'kubernetes');
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 404)) throw error;
    registry.create(endpointsResource, 'default', wanted, options);
    return;
  }
  if (JSON.stringify(found['subsets']) === JSON.stringify(wanted['subsets'])) return;
  registry.update(
    endpointsResource,
    'default',
    'kubernetes',
    { ...found, subsets: wanted['subsets'] },
    options,
  );
}
