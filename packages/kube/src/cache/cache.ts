import { share, silentLogger } from '../objects/index.ts';
import type { KubeObject, Logger } from '../objects/index.ts';
import type { ObjectKey } from '../client/index.ts';
import { deepFreeze } from './freeze.ts';
import type { ReflectorTarget } from './reflector.ts';

/** Told of each change: `old` is absent for a new object, `current` for a deleted one. */
export type ChangeListener<T extends KubeObject> = (old: T | undefined, current: T | undefined) => void;

/** Which values an object is found under in an index; none is fine. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

/** Settings of a cache. */
export interface CacheOptions<T extends KubeObject, I extends string = string> {
  /** Further ways to find objects, by name of the index. */
  indices?: Record<I, IndexFunction<T>>;
  /** What is kept of an object, at least its name and version; absent: all of it. */
  keep?: (object: T) => T;
  /** Where failures of listeners go. */
  logger?: Logger;
}

/** `namespace/name`, or `name` where there is no namespace. */
export const keyString = ({ namespace, name = '' }: { namespace?: string; name?: string }): string =>
  namespace ? `${namespace}/${name}` : name;

/** The reverse of `keyString`. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * The objects of one kind as the API server last told them, found by namespace and name or by an index.
 *
 * Objects are frozen, and share what they have in common: whoever wants another one makes a copy. A cache lags behind the server by moments, so what was just
 * written may not be in it yet. A `Reflector` fills it; a listener that throws is logged and harms nobody else.
 */
export class Cache<T extends KubeObject, I extends string = string> implements ReflectorTarget<T> {
  readonly #objects = new Map<string, T>();
  readonly #indices = new Map<string, { valuesOf: IndexFunction<T>; keys: Map<string, Set<string>> }>();
  readonly #listeners = new Set<ChangeListener<T>>();
  readonly #logger: Logger;
  readonly #keep: (object: T) => T;
  readonly #firstList = Promise.withResolvers<void>();
  #isSynced = false;
  /** The last one that came: what it has in common with a new one is kept once. */
  #latest: T | undefined;

  constructor(options: CacheOptions<T, I> = {}) {
    this.#logger = options.logger ?? silentLogger;
    this.#keep = options.keep ?? ((object) => object);
    for (const [name, valuesOf] of Object.entries<IndexFunction<T>>(options.indices ?? {})) {
      this.#indices.set(name, { valuesOf, keys: new Map() });
    }
  }

  /** Resolves after the first complete list; never rejects. */
  get synced(): Promise<void> {
    return this.#firstList.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyString(key));
  }

  /** All objects, or those of one namespace, in no particular order. */
  list(namespace?: string): T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** The objects that the index function gave this value for. Throws for an index that does not exist. */
  byIndex(index: I, value: string): T[] {
    const found = this.#indices.get(index);
    if (found === undefined) throw new TypeError(`the cache has no index ${index}`);
    const keys = [...(found.keys.get(value) ?? [])];
    return keys.flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Calls the listener for everything that is there now (as new) and for each change from now on. Returns its end. */
  onChange(listener: ChangeListener<T>): () => void {
    this.#listeners.add(listener);
    for (const object of this.#objects.values()) this.#tell(listener, undefined, object);
    return () => this.#listeners.delete(listener);
  }

  /** The object as soon as it fulfils the condition (`undefined`: it does not exist). Rejects when the signal aborts. */
  waitFor<S extends T | undefined>(
    key: ObjectKey,
    condition: ((object: T | undefined) => object is S) | ((object: T | undefined) => boolean),
    signal: AbortSignal,
  ): Promise<S> {
    const wanted = keyString(key);
    return new Promise((resolve, reject) => {
      const check = (object: T | undefined): void => {
        if (!condition(object)) return;
        stop();
        resolve(object as S);
      };
      const listener: ChangeListener<T> = (old, current) => {
        if (keyString((current ?? old)?.metadata ?? {}) === wanted) check(current);
      };
      const abort = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      const stop = (): void => {
        this.#listeners.delete(listener);
        signal.removeEventListener('abort', abort);
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort, { once: true });
      this.#listeners.add(listener);
      check(this.#objects.get(wanted));
    });
  }

  /** Makes the cache hold exactly these; listeners hear of the differences only. */
  replace(objects: readonly T[]): void {
    const keys = new Set(objects.map(({ metadata }) => keyString(metadata)));
    for (const [key, object] of this.#objects) if (!keys.has(key)) this.remove(object);
    for (const object of objects) this.upsert(object);
    this.#isSynced = true;
    this.#firstList.resolve();
  }

  /** Adds or replaces one object; listeners do not hear of the same version again. */
  upsert(object: T): void {
    const key = keyString(object.metadata);
    const old = this.#objects.get(key);
    const { resourceVersion } = object.metadata;
    if (
      old !== undefined &&
      resourceVersion !== undefined &&
      old.metadata.resourceVersion === resourceVersion
    )
      return;
    const kept = deepFreeze(share(this.#keep(object), old ?? this.#latest));
    this.#latest = kept;
    this.#objects.set(key, kept);
    this.#reindex(key, old, kept);
    for (const listener of this.#listeners) this.#tell(listener, old, kept);
  }

  remove(object: T): void {
    const key = keyString(object.metadata);
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    this.#reindex(key, old, undefined);
    for (const listener of this.#listeners) this.#tell(listener, old, undefined);
  }

  #reindex(key: string, old: T | undefined, current: T | undefined): void {
    for (const [name, index] of this.#indices) {
      for (const value of this.#valuesOf(name, index.valuesOf, old)) {
        const keys = index.keys.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.keys.delete(value);
      }
      for (const value of this.#valuesOf(name, index.valuesOf, current)) {
        const keys = index.keys.get(value) ?? new Set();
        index.keys.set(value, keys.add(key));
      }
    }
  }

  #valuesOf(index: string, valuesOf: IndexFunction<T>, object: T | undefined): readonly string[] {
    if (object === undefined) return [];
    try {
      return valuesOf(object);
    } catch (err) {
      this.#logger.error(
        { err, index, object: keyString(object.metadata) },
        'index function failed; object is not indexed',
      );
      return [];
    }
  }

  #tell(listener: ChangeListener<T>, old: T | undefined, current: T | undefined): void {
    const failed = (err: unknown): void => {
      const { metadata } = (current ?? old) as T;
      this.#logger.error({ err, object: keyString(metadata) }, 'change listener failed');
    };
    try {
      // A listener declared async is against the type, but its rejection must not end the process.
      const answer: unknown = listener(old, current);
      if (answer instanceof Promise) answer.catch(failed);
    } catch (err) {
      failed(err);
    }
  }
}
