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

/**
 * Sources that belong together, e.g. those of one namespace: none of them tells anything before all have synced, and the
 * controller does not wait for them. So what cannot be read holds up nothing but itself.
 */
export function togetherSource<K extends string>(sources: readonly Source<K>[]): Source<K> {
  return {
    synced: Promise.resolve(),
    subscribe(enqueue) {
      let isWanted = true;
      let stops: (() => void)[] = [];
      const begin = (): void => {
        if (isWanted) stops = sources.map((source) => source.subscribe(enqueue));
      };
      // `synced` never rejects.
      void Promise.all(sources.map(({ synced }) => synced)).then(begin);
      return () => {
        isWanted = false;
        for (const stop of stops) stop();
      };
    },
  };
}
