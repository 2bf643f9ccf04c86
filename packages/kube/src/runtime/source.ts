import type { Cache } from '../cache/index.ts';
import type { KubeObject } from '../objects/index.ts';
import type { KeysOf } from './keys.ts';
import type { Predicate } from './predicates.ts';

/** Where a controller's keys come from. */
export interface Source<K extends string = string> {
  /** Resolves when everything that is there has been seen once. */
  readonly synced: Promise<void>;
  /** Calls `enqueue` for all that is there and all that changes, until the returned function is called. */
  subscribe(enqueue: (key: K) => void): () => void;
}

/**
 * Keys of all objects in a cache and of their changes. Both versions of a changed object are asked for their keys, so that
 * whoever loses an object hears of it too.
 */
export function cacheSource<T extends KubeObject, K extends string = string>(
  cache: Pick<Cache<T>, 'onChange' | 'synced'>,
  keysOf: KeysOf<T, K>,
  matters: Predicate<T> = () => true,
): Source<K> {
  return {
    get synced() {
      return cache.synced;
    },
    subscribe: (enqueue) =>
      cache.onChange((old, current) => {
        if (!matters(old, current)) return;
        const keys = new Set<K>();
        for (const object of [old, current]) {
          if (object !== undefined) for (const key of keysOf(object)) keys.add(key);
        }
        for (const key of keys) enqueue(key);
      }),
  };
}
