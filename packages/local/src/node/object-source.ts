import {
  ApiError,
  configMaps,
  persistentVolumeClaims,
  persistentVolumes,
  secrets,
  services,
} from '@pgherd/kube/objects';
import type { KubeObject, ResourceType, Service } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';
import type { VolumeSource } from './volumes/pod-volumes.ts';

/** Objects for pods, straight from the registry: always the newest. */
export function objectSource(registry: Registry): VolumeSource {
  return {
    configMap: (namespace, name) => findObject(registry, configMaps, namespace, name),
    secret: (namespace, name) => findObject(registry, secrets, namespace, name),
    claim: (namespace, name) => findObject(registry, persistentVolumeClaims, namespace, name),
    persistentVolume: (name) => findObject(registry, persistentVolumes, undefined, name),
    services(namespace) {
      const own = registry.list(services, { namespace }).items as unknown as Service[];
      const master =
        namespace === 'default' ? undefined : findObject(registry, services, 'default', 'kubernetes');
      return master === undefined ? own : [master, ...own];
    },
  };
}

/** Undefined when it does not exist. */
export function findObject<T extends KubeObject>(
  registry: Registry,
  ref: ResourceType<T>,
  namespace: string | undefined,
  name: string,
): T | undefined {
  try {
    return registry.get(ref, namespace, name) as T;
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}
