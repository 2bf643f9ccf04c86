import type { Schema } from './schema.ts';
import { isObject, memberSchema, own, put } from './schema.ts';

/**
 * Fills in the schema's defaults in place, as Kubernetes does for custom resources: absent members, and nulls
 * of members that may not be null, get the default; such nulls without a default are dropped; defaults inside
 * an object apply only where the object exists (or was itself made by a default).
 */
export function applyDefaults(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) for (const item of value) applyDefaults(items, item);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue;
    const present = own(value, key);
    if (present === undefined || (present === null && !property.nullable))
      put(value, key, structuredClone(property.default));
  }
  for (const key of Object.keys(value)) {
    const member = memberSchema(schema, key);
    if (!member) continue;
    if (value[key] === null) {
      if (!member.nullable && own(schema.properties, key)) delete value[key];
    } else applyDefaults(member, value[key]);
  }
}
