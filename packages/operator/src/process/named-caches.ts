import type { Cache } from '@pgherd/kube/cache';
import type { KubeObject } from '@pgherd/kube/objects';
import { cacheSource, type Manager, type Source } from '@pgherd/kube/runtime';
import type { Kind } from '../kinds.ts';

/** An object that is watched by its name. */
export interface NamedObject {
  kind: Kind;
  name: string;
  /** `*`: in all namespaces. */
  namespace: string;
}

/** Watches of objects that the configuration names, by name alone, so that nothing else of anybody is read. */
export class NamedCaches {
  /** By kind, name and namespace. */
  readonly #caches = new Map<string, Cache<KubeObject>>();

  constructor(manager: Manager, objects: readonly NamedObject[]) {
    for (const { kind, name, namespace } of objects) {
      const key = keyOf(kind, name, namespace);
      if (this.#caches.has(key)) continue;
      const where = namespace === '*' ? {} : { namespace };
      const cache = manager.cache<KubeObject>(kind, { ...where, fieldSelector: `metadata.name=${name}` });
      this.#caches.set(key, cache);
    }
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    return this.#of(kind, namespace, name)?.get({ namespace, name });
  }

  /** Whether it has been listed: if `get` does not find it, it does not exist. */
  isKnown(kind: Kind, namespace: string, name: string): boolean {
    return this.#of(kind, namespace, name)?.isSynced === true;
  }

  /** What could not be listed yet, as kind, name and namespace. */
  missing(): string[] {
    return [...this.#caches].filter(([, cache]) => !cache.isSynced).map(([key]) => key);
  }

  /** Calls `changed` for each change, and when something is known for the first time. Returns its end. */
  onChange(changed: () => void): () => void {
    const caches = [...this.#caches.values()];
    let isWanted = true;
    const tell = (): void => {
      if (isWanted) changed();
    };
    const stops = caches.map((cache) => cache.onChange(tell));
    // An empty cache tells of nothing.
    for (const { synced } of caches) void synced.then(tell);
    return () => {
      isWanted = false;
      for (const stop of stops) stop();
    };
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

  #of(kind: Kind, namespace: string, name: string): Cache<KubeObject> | undefined {
    return this.#caches.get(keyOf(kind, name, '*')) ?? this.#caches.get(keyOf(kind, name, namespace));
  }
}

function keyOf(kind: Kind, name: string, namespace: string): string {
  return `${kind.plural} ${name} in ${namespace}`;
}
