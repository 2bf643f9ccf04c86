import { unwatchFile, watchFile } from 'node:fs';
import { operatorConfigurationResource } from '@pgherd/api';
import { watchedCache } from '@pgherd/kube/cache';
import type { Client } from '@pgherd/kube/client';
import { configMaps, type KubeObject, type Logger, type ResourceType } from '@pgherd/kube/objects';
import { aborted } from '@pgherd/kube/runtime';
import type { Found } from './held.ts';
import type { ConfigurationOrigin } from './origin.ts';

/** Where `OperatorConfiguration` is served. */
export const operatorConfigurations: ResourceType = {
  group: operatorConfigurationResource.group,
  version: operatorConfigurationResource.version,
  plural: operatorConfigurationResource.plural,
  kind: operatorConfigurationResource.kind,
  namespaced: true,
};

/** Looking at the times of a file; notifications do not reach into all mounted volumes. */
const fileIntervalMs = 2_000;

/**
 * Tells what stands at the origin, once at first and whenever it changes, until the signal aborts. While the API server
 * cannot say, nothing is told.
 */
export async function watchOrigin(
  origin: ConfigurationOrigin,
  { client, log, signal }: { client: Client; log: Logger; signal: AbortSignal },
  tell: (found: Found) => void,
): Promise<void> {
  switch (origin.type) {
    case 'defaults':
    case 'fixed':
      tell({ type: 'ConfigMap', content: {} });
      return;
    case 'file':
      tell(origin.read());
      watchFile(origin.path, { interval: fileIntervalMs, persistent: false }, () => tell(origin.read()));
      signal.addEventListener('abort', () => unwatchFile(origin.path), { once: true });
      return;
    case 'ConfigMap':
    case 'OperatorConfiguration':
      return watchObject(origin, { client, log, signal }, tell);
    default:
      return origin satisfies never;
  }
}

async function watchObject(
  origin: Extract<ConfigurationOrigin, { name: string }>,
  { client, log, signal }: { client: Client; log: Logger; signal: AbortSignal },
  tell: (found: Found) => void,
): Promise<void> {
  const { namespace, name, type } = origin;
  const resource = (type === 'ConfigMap' ? configMaps : operatorConfigurations) as ResourceType;
  const selection = { namespace, fieldSelector: `metadata.name=${name}` };
  const { cache, run } = watchedCache({ client, resource, selection, logger: log });
  const found = (object: KubeObject): Found => ({
    type,
    content: type === 'ConfigMap' ? (object['data'] ?? {}) : object,
    about: object,
  });
  const listen = async (): Promise<void> => {
    await Promise.race([cache.synced, aborted(signal)]);
    if (signal.aborted) return;
    if (cache.size === 0) tell({ type: 'missing' });
    cache.onChange((old, current) => {
      tell(current === undefined ? { type: 'missing', ...(old && { about: old }) } : found(current));
    });
  };
  await Promise.all([run(signal), listen()]);
}
