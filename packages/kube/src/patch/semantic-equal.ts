import type { KubeObject } from '../objects/object.ts';
import { equalJson } from '../schema/list-types.ts';
import { isObject } from '../schema/schema.ts';

/**
 * Would writing `after` over `before` change nothing that anyone can see? Ignores the resource version and the
 * times of managedFields entries; absent equals null, and an empty list of managers equals none.
 */
export function semanticEqual(before: KubeObject, after: KubeObject): boolean {
  return equalJson(comparable(before), comparable(after));
}

function comparable(object: KubeObject): unknown {
  const { resourceVersion: _, managedFields, ...metadata } = object.metadata;
  const managers = (managedFields ?? []).map(({ time: _time, ...entry }) => entry);
  return withoutNulls({ ...object, metadata: { ...metadata, managedFields: managers } });
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
