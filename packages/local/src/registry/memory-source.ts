import { ApiError, type KubeObject, type WatchEvent } from '@pgherd/kube/objects';
import type { ServedResource, WatchOptions } from './registry.ts';
import type { Source } from './mirror.ts';

/** A registry's reading side over plain objects, for tests of what only watches. */
export interface MemorySource extends Source {
  put(plural: string, object: KubeObject): void;
  remove(plural: string, namespace: string, name: string): void;
  /** Ends all watches with an error, as an expired one. */
  breakWatches(): void;
  watches(): number;
}

/** Serves Services and Endpoints (not EndpointSlices) from memory. */
export function memorySource(): MemorySource {
  const objects = new Map<string, Map<string, KubeObject>>([
    ['services', new Map()],
    ['endpoints', new Map()],
  ]);
  const watches = new Set<{ plural: string; onEvent: (event: WatchEvent) => void }>();
  let version = 1;
  const emit = (plural: string, event: WatchEvent): void => {
    for (const watch of watches) if (watch.plural === plural) watch.onEvent(event);
  };
  return {
    resource: ({ plural }) => (objects.has(plural) ? ({ plural } as ServedResource) : undefined),
    list: ({ plural }) => ({
      resourceVersion: String(version),
      items: [...(objects.get(plural)?.values() ?? [])],
    }),
    watch: ({ plural }, options: WatchOptions, onEvent) => {
      if (options.resourceVersion !== String(version)) throw new ApiError(410, 'Expired', 'list first');
      const watch = { plural, onEvent };
      watches.add(watch);
      return { close: () => void watches.delete(watch) };
    },
    put: (plural, object) => {
      version++;
      const of = objects.get(plural)!;
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      const type = of.has(key) ? 'MODIFIED' : 'ADDED';
      of.set(key, object);
      emit(plural, { type, object });
    },
    remove: (plural, namespace, name) => {
      version++;
      const of = objects.get(plural)!;
      const object = of.get(`${namespace}/${name}`)!;
      of.delete(`${namespace}/${name}`);
      emit(plural, { type: 'DELETED', object });
    },
    breakWatches: () => {
      for (const watch of watches) watch.onEvent({ type: 'ERROR', object: { metadata: {} } });
    },
    watches: () => watches.size,
  };
}
