import { isObject, memberSchema, put, type Schema } from '@pgherd/kube/schema';

/**
 * A private copy of JSON. Members that are undefined are left out; for built-in kinds (those with `dropNulls`)
 * null ones too, since Go reads null as absent, except where the schema takes anything.
 */
export function cloneJson(value: unknown, dropNulls = false, schema?: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => cloneJson(item, dropNulls, schema?.items));
  if (!isObject(value)) return value;
  const drop = dropNulls && schema?.['x-kubernetes-preserve-unknown-fields'] !== true;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || (member === null && drop)) continue;
    put(copy, key, cloneJson(member, drop, drop ? memberSchema(schema, key) : undefined));
  }
  return copy;
}
