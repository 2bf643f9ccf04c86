import type { Configuration } from '@pgherd/api';
import type { Cache } from '@pgherd/kube/cache';
import type { KubeObject } from '@pgherd/kube/objects';
import { cacheSource, type Manager, type Source } from '@pgherd/kube/runtime';
import { kinds, type Kind } from '../kinds.ts';
import type { Namespaces } from './namespaces.ts';

/**
 * Watches of what pods and jobs of all clusters get variables from (`pod_environment_secret`,
 * `pod_environment_configmap`, `logical_backup_cronjob_environment_secret`): by name alone, so that nothing else of
 * anybody is read. There are none while nothing is configured.
 */
export class PodEnvironmentCaches {
  /** By kind, name and namespace; `*` is all of them. */
  readonly #caches = new Map<string, Cache<KubeObject>>();

  constructor(manager: Manager, configuration: Configuration, namespaces: Namespaces) {
    const { pod_environment_secret: secret, pod_environment_configmap: configMap } = configuration;
    const watched = namespaces === '*' ? ['*'] : namespaces;
    const add = (kind: Kind, name: string, namespace: string) => {
      const where = namespace === '*' ? {} : { namespace };
      const cache = manager.cache<KubeObject>(kind, { ...where, fieldSelector: `metadata.name=${name}` });
      this.#caches.set(keyOf(kind, name, namespace), cache);
    };
    const secrets = new Set([secret, configuration.logical_backup_cronjob_environment_secret]);
    for (const name of secrets) {
      if (name !== '') for (const namespace of watched) add(kinds.secret, name, namespace);
    }
    if (configMap === undefined) return;
    const { namespace: own } = configMap;
    const isElsewhere = own !== undefined && namespaces !== '*' && !namespaces.includes(own);
    for (const namespace of isElsewhere ? [...watched, own] : watched)
      add(kinds.configMap, configMap.name, namespace);
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    const cache = this.#caches.get(keyOf(kind, name, '*')) ?? this.#caches.get(keyOf(kind, name, namespace));
    return cache?.get({ namespace, name });
  }

  /** What could not be listed yet, as kind, name and namespace. */
  missing(): string[] {
    return [...this.#caches].filter(([, cache]) => !cache.isSynced).map(([key]) => key);
  }

  /** What starts a pass: whatever changes concerns all clusters, named by `clusters`. To be subscribed to once synced. */
  sources(clusters: () => string[]): Source[] {
    return [...this.#caches.values()].map((cache) => ({
      synced: cache.synced,
      subscribe(enqueue) {
        // No cluster was looked at before, and an empty cache tells of nothing.
        for (const key of clusters()) enqueue(key);
        return cacheSource(cache, clusters).subscribe(enqueue);
      },
    }));
  }
}

function keyOf(kind: Kind, name: string, namespace: string): string {
  return `${kind.plural} ${name} in ${namespace}`;
}
