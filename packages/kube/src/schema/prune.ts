import type { Schema } from './schema.ts';
import { isObject, memberSchema, own } from './schema.ts';

/** What `prune` may be told. */
export interface PruneOptions {
  /** `value` is a whole object: apiVersion, kind and metadata belong to it whatever the schema says. */
  isResourceRoot?: boolean;
  /** Prunes `metadata` of objects; default: metadata is left alone. */
  metadata?: Schema;
}

/**
 * Removes what the schema does not know, in place, and answers the paths of what it removed
 * (`spec.foo`, `spec.list[2].bar`) for `unknownFieldMessage`.
 */
export function prune(schema: Schema, value: unknown, options: PruneOptions = {}): string[] {
  const removed: string[] = [];
  pruneAt(schema, value, '', removed, options, options.isResourceRoot ?? false);
  return removed;
}

/** How Kubernetes words an unknown field, in warnings and in strict errors. */
export function unknownFieldMessage(path: string): string {
  return `unknown field ${JSON.stringify(path)}`;
}

function pruneAt(
  schema: Schema,
  value: unknown,
  path: string,
  removed: string[],
  options: PruneOptions,
  isResource: boolean,
): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) {
      // Without a schema of items there is nothing to know; Kubernetes demands one of structural schemas.
      return;
    }
    value.forEach((item, index) => {
      pruneAt(
        items,
        item,
        `${path}[${index}]`,
        removed,
        options,
        items['x-kubernetes-embedded-resource'] ?? false,
      );
    });
    return;
  }
  if (!isObject(value)) return;
  const keep =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  for (const key of Object.keys(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (isResource && (key === 'apiVersion' || key === 'kind' || key === 'metadata')) {
      if (key === 'metadata' && options.metadata)
        pruneAt(options.metadata, value[key], at, removed, options, false);
      continue;
    }
    const member = memberSchema(schema, key) ?? own(schema.properties, key);
    if (member) {
      pruneAt(member, value[key], at, removed, options, member['x-kubernetes-embedded-resource'] ?? false);
    } else if (!keep) {
      delete value[key];
      removed.push(at);
    }
  }
}
