import { isObject, put } from '../schema/schema.ts';

/**
 * Applies an RFC 7386 merge patch: objects merge, null removes, everything else (lists too) replaces.
 * Neither argument is changed.
 */
export function mergePatch(live: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return structuredClone(patch);
  const result: Record<string, unknown> = isObject(live) ? { ...live } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else put(result, key, mergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
