import type { KubeObject } from '../objects/object.ts';
import { equalJson } from '../schema/list-types.ts';
import { isObject } from '../schema/schema.ts';

/**
 * Would writing `after` over `before` change nothing that anyone can see? Ignores the resource version and the
 * times of managedFields entries; absent equals null, and an empty list of managers equals none.
 */
export function semanticEqual(before: KubeObject, after: KubeObject): boolean {
  const { metadata: metadataBefore, ...restBefore } = before;
  const { metadata: metadataAfter, ...restAfter } = after;
  return (
    equalParts(comparable(metadataBefore), comparable(metadataAfter)) && equalParts(restBefore, restAfter)
  );
}

function comparable(metadata: KubeObject['metadata']): Record<string, unknown> {
  const { resourceVersion: _, managedFields, ...rest } = metadata;
  const managers = (managedFields ?? []).map(({ time: _time, ...entry }) => entry);
  return { ...rest, managedFields: managers };
}

/** Part by part: most often one of the first differs, or a part is the very same. */
function equalParts(before: Record<string, unknown>, after: Record<string, unknown>): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].every((key) => {
    const [a, b] = [before[key], after[key]];
    if (a === b) return true;
    const isAbsent = (part: unknown): boolean => part === undefined || part === null;
    if (isAbsent(a) || isAbsent(b)) return isAbsent(a) && isAbsent(b);
    return equalJson(withoutNulls(a), withoutNulls(b));
  });
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}
