import type { Clock, KubeObject, Resource } from '@pgherd/kube/objects';
import type { Registry, Watch } from '../registry/registry.ts';

/** What a mirror needs of the registry. */
export type Source = Pick<Registry, 'list' | 'watch' | 'resource'>;

/** Milliseconds before a failed watch is begun anew. */
const retryDelay = 200;

/** All objects of one resource, kept current by a watch. */
export interface Mirror {
  objects(): KubeObject[];
  close(): void;
}

/**
 * Mirrors one resource. Full when this returns; `changed` is called after each later change. A resource that is
 * not served is empty. A watch that ends with an error is begun anew with a new list; `failed` is told why.
 */
export function mirror(
  registry: Source,
  resource: Resource,
  clock: Clock,
  changed: () => void,
  failed: (reason: unknown) => void,
): Mirror {
  let objects = new Map<string, KubeObject>();
  let watch: Watch | undefined;
  let cancelRetry = (): void => {};
  let closed = false;

  const keyOf = (object: KubeObject): string =>
    `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;

  const begin = (): void => {
    if (registry.resource(resource) === undefined) return;
    // The registry is synchronous: nothing happens between the list and the watch.
    const { items, resourceVersion } = registry.list(resource);
    objects = new Map(items.map((item) => [keyOf(item), item]));
    let live = true;
    watch = registry.watch(resource, { resourceVersion }, (event) => {
      if (!live || closed || event.type === 'BOOKMARK') return;
      if (event.type === 'ERROR') {
        live = false;
        again(event.object);
        return;
      }
      if (event.type === 'DELETED') objects.delete(keyOf(event.object));
      else objects.set(keyOf(event.object), event.object);
      changed();
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
