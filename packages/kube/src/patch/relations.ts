import { ApiError } from '../objects/api-error.ts';
import { canonicalJson } from '../schema/list-types.ts';
import { objectMetaSchema } from '../schema/builtin.ts';
import type { Schema } from '../schema/schema.ts';
import { isObject, own } from '../schema/schema.ts';

/** How ownership goes down into a value: not at all, by member, by item keys, by item value. */
export type Relation = 'atomic' | 'object' | 'map' | 'set';

/** What a value is for server-side apply. Without a schema, objects are granular and lists atomic. */
export function relationOf(schema: Schema | undefined, value: unknown): Relation {
  if (isObject(value)) return schema?.['x-kubernetes-map-type'] === 'atomic' ? 'atomic' : 'object';
  if (!Array.isArray(value)) return 'atomic';
  const type = schema?.['x-kubernetes-list-type'];
  if (type === 'map' || type === 'set') return type;
  if (type === undefined && (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',').includes('merge'))
    return schema?.['x-kubernetes-patch-merge-key'] ? 'map' : 'set';
  return 'atomic';
}

function keysOf(schema: Schema | undefined): string[] {
  const mergeKey = schema?.['x-kubernetes-patch-merge-key'];
  return schema?.['x-kubernetes-list-map-keys'] ?? (mergeKey === undefined ? [] : [mergeKey]);
}

/** The path element of each item of a list of relation `map` or `set`; undefined when they do not tell apart. */
export function itemElements(
  schema: Schema | undefined,
  relation: 'map' | 'set',
  list: unknown[],
): string[] | undefined {
  const elements: string[] = [];
  for (const item of list) {
    if (relation === 'set') elements.push(`v:${canonicalJson(item)}`);
    else {
      if (!isObject(item)) return undefined;
      const identity: Record<string, unknown> = {};
      for (const key of keysOf(schema)) {
        const value = own(item, key) ?? own(schema?.items?.properties, key)?.default;
        if (value !== undefined) identity[key] = value;
      }
      if (Object.keys(identity).length === 0) return undefined;
      elements.push(`k:${canonicalJson(identity)}`);
    }
  }
  return new Set(elements).size === elements.length ? elements : undefined;
}

/** Like `itemElements`, for an applied configuration, which must tell its items apart. */
export function appliedElements(
  schema: Schema | undefined,
  relation: 'map' | 'set',
  list: unknown[],
  path: readonly string[],
): string[] {
  const elements = itemElements(schema, relation, list);
  if (elements) return elements;
  const keys = relation === 'map' ? `the keys ${keysOf(schema).join(', ')} of each item` : 'each item';
  throw new ApiError(
    400,
    'BadRequest',
    `apply: ${path.map((element) => element.slice(2)).join('.')}: ${keys} must be present and unique`,
  );
}

/** The schema of a whole object: metadata is what Kubernetes says, whatever a custom resource's schema says. */
export function rootSchema(schema: Schema | undefined): Schema {
  return { ...schema, properties: { ...schema?.properties, metadata: objectMetaSchema } };
}

/** Does the schema name this member itself, rather than as one of any name? */
export function isNamed(schema: Schema | undefined, key: string): boolean {
  return own(schema?.properties, key) !== undefined;
}
