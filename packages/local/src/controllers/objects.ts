import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '@pgherd/kube/objects';
import type { KubeObject, OwnerReference, Resource, ResourceType } from '@pgherd/kube/objects';
import type { DeleteOptions, Registry, WriteOptions } from '../registry/registry.ts';
import type { Narrowing } from '../store/index.ts';

/**
 * The registry with the kinds' types, and `undefined` for what is not there. Reads are always fresh: controllers keep
 * no copy of their own, so there is nothing that could be stale.
 */
export class Objects {
  readonly registry: Registry;
  constructor(registry: Registry) {
    this.registry = registry;
  }

  /** `undefined` when the object (or its resource) does not exist. */
  get<T extends KubeObject>(
    resource: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return orUndefined(() => this.registry.get(resource, namespace, name) as T);
  }

  /** All objects, or those of one namespace; with `narrowing` only those that have what it names. */
  list<T extends KubeObject>(resource: ResourceType<T>, namespace?: string, narrowing?: Narrowing): T[] {
    const options = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(narrowing === undefined ? {} : { narrowing }),
    };
    return this.registry.list(resource, options).items as T[];
  }

  create<T extends KubeObject>(resource: ResourceType<T>, object: T): T {
    return this.registry.create(resource, object.metadata.namespace, object) as T;
  }

  /** Creates it unless it exists. Answers whether it was created. */
  createIfMissing<T extends KubeObject>(resource: ResourceType<T>, object: T): boolean {
    try {
      this.create(resource, object);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
      throw error;
    }
  }

  update<T extends KubeObject>(resource: ResourceType<T>, object: T, options: WriteOptions = {}): T {
    const { namespace, name } = object.metadata;
    return this.registry.update(resource, namespace, name ?? '', object, options) as T;
  }

  updateStatus<T extends KubeObject>(resource: ResourceType<T>, object: T): T {
    return this.update(resource, object, { subresource: 'status' });
  }

  /** Deletes exactly this object: one that was made anew under the same name is left alone. Gone already is fine. */
  delete(resource: Resource, object: KubeObject, options: DeleteOptions = {}): void {
    const { namespace, name, uid } = object.metadata;
    try {
      this.registry.delete(resource, namespace, name ?? '', {
        ...options,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
    } catch (error) {
      if (!(error instanceof ApiError && (error.code === 404 || error.reason === 'Conflict'))) throw error;
    }
  }
}

/** 404 becomes `undefined`; everything else is thrown. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}

/** Key of a work queue: `NAMESPACE/NAME`, `/NAME` for what has no namespace. */
export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** The namespace and name in a key. */
export function splitKey(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

/** The one owner reference that controls the object. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** A copy with other metadata. */
export function withMetadata<T extends KubeObject>(object: T, metadata: KubeObject['metadata']): T {
  return { ...object, metadata: { ...object.metadata, ...metadata } };
}

/** Deep equality of JSON values; absent and `undefined` are the same, the order of keys does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
  // Nearly always they are equal, and that is found out quickly.
  return isDeepStrictEqual(a, b) || canonicalJson(a) === canonicalJson(b);
}

/** JSON with keys in order: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)))
        : inner,
    ) ?? 'null'
  );
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
