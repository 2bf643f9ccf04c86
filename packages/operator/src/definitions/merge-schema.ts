import type { Schema } from '@pgherd/kube/schema';

/**
 * Our schema with all that is only in the live one: fields and words that another release added, and permission to keep
 * unknown fields. Where both say something else about a field, ours holds.
 */
export function mergeSchema(live: Schema, ours: Schema): Schema {
  if (live.type !== ours.type) return ours;
  const merged: Schema = { ...ours };
  if (live.properties !== undefined && ours.properties !== undefined) {
    merged.properties = mergeProperties(live.properties, ours.properties);
  }
  if (live.items !== undefined && ours.items !== undefined)
    merged.items = mergeSchema(live.items, ours.items);
  const [one, other] = [live.additionalProperties, ours.additionalProperties];
  if (typeof one === 'object' && typeof other === 'object')
    merged.additionalProperties = mergeSchema(one, other);
  if (live.enum !== undefined && ours.enum !== undefined) {
    merged.enum = [...ours.enum, ...live.enum.filter((value) => !ours.enum?.includes(value))];
  }
  const keepsUnknown = 'x-kubernetes-preserve-unknown-fields';
  if (live[keepsUnknown] === true && ours.additionalProperties === undefined) merged[keepsUnknown] = true;
  return merged;
}

function mergeProperties(live: Record<string, Schema>, ours: Record<string, Schema>): Record<string, Schema> {
  const merged: Record<string, Schema> = { ...live, ...ours };
  for (const [name, schema] of Object.entries(ours)) {
    const other = Object.hasOwn(live, name) ? live[name] : undefined;
    if (other !== undefined) merged[name] = mergeSchema(other, schema);
  }
  return merged;
}
