import type { KubeObject } from '../objects/index.ts';
import { Cache } from './cache.ts';
import type { CacheOptions } from './cache.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorOptions } from './reflector.ts';

/** A cache and what fills it. */
export interface WatchedCache<T extends KubeObject, I extends string = string> {
  cache: Cache<T, I>;
  /** Lists and watches until the signal aborts; never rejects. */
  run: (signal: AbortSignal) => Promise<void>;
}

/** Makes a cache of one kind and the reflector that fills it. Nothing is asked before `run`. */
export function watchedCache<T extends KubeObject, I extends string = string>(
  options: Omit<ReflectorOptions<T>, 'target'> & CacheOptions<T, I>,
): WatchedCache<T, I> {
  const cache = new Cache<T, I>(options);
  const reflector = new Reflector<T>({ ...options, target: cache });
  return { cache, run: (signal) => reflector.run(signal) };
}
