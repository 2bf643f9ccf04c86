import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@pgherd/kube/objects';

/**
 * The object with every part (`spec`, `status`, labels, …) that is as before replaced by the very part of `previous`: that
 * is kept only once, and whoever has seen `previous` finds out with `===` what did not change.
 */
export function sharingParts(object: KubeObject, previous: KubeObject): KubeObject {
  return { ...shared(object, previous), metadata: shared(object.metadata, previous.metadata) };
}

function shared<T extends object>(now: T, before: T): T {
  const parts = Object.entries(now).map(([key, part]: [string, unknown]) => {
    const old = (before as Record<string, unknown>)[key];
    const same = typeof part === 'object' && part !== null && isDeepStrictEqual(part, old);
    return [key, same ? old : part];
  });
  return Object.fromEntries(parts) as T;
}
