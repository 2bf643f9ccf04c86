import type { Clock, KubeObject, Resource, ResourceType } from '@pgherd/kube/objects';
import type { Registry, Watch } from './registry.ts';

/** What a mirror needs of the registry. */
export type Source = Pick<Registry, 'list' | 'watch' | 'resource'>;

/** Milliseconds before a failed watch is begun anew. */
const retryDelay = 200;

/** All objects of one resource, kept current by a watch. */
export interface Mirror<T extends KubeObject = KubeObject> {
  objects(): T[];
  close(): void;
}

/**
 * Mirrors one resource. Full when this returns; `changed` is called after each later change, with the object and what it was
 * before; without them when one is gone, or when all were listed anew. A resource that is
 * not served is empty. A watch that ends with an error is begun anew with a new list; `failed` is told why.
 */
export function mirror<T extends KubeObject = KubeObject>(
  registry: Source,
  resource: ResourceType<T> | Resource,
  clock: Clock,
  changed: (now?: T, before?: T) => void,
  failed: (reason: unknown) => void,
): Mirror<T> {
  let objects = new Map<string, T>();
  let watch: Watch | undefined;
  let cancelRetry = (): void => {};
  let closed = false;

  const keyOf = (object: KubeObject): string =>
    `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;

  const begin = (): void => {
    if (registry.resource(resource) === undefined) return;
    // The registry is synchronous: nothing happens between the list and the watch.
    const { items, resourceVersion } = registry.list(resource);
    objects = new Map(items.map((item) => [keyOf(item), item as T]));
    let live = true;
    watch = registry.watch(resource, { resourceVersion }, (event) => {
      if (!live || closed || event.type === 'BOOKMARK') return;
      if (event.type === 'ERROR') {
        live = false;
        again(event.object);
        return;
      }
      const key = keyOf(event.object);
      if (event.type === 'DELETED') {
        objects.delete(key);
        changed();
        return;
      }
      const before = objects.get(key);
      objects.set(key, event.object as T);
      changed(event.object as T, before);
    });
  };

  const again = (reason: unknown): void => {
    failed(reason);
    watch?.close();
    cancelRetry = clock.after(retryDelay, () => {
      if (closed) return;
      try {
        begin();
        changed();
      } catch (error) {
        again(error);
      }
    });
  };

  begin();
  return {
    objects: () => [...objects.values()],
    close: () => {
      closed = true;
      cancelRetry();
      watch?.close();
    },
  };
}
