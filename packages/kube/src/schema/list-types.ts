import type { FieldError } from './field-error.ts';
import { duplicate } from './field-error.ts';
import type { Schema } from './schema.ts';
import { isObject, own } from './schema.ts';

/** Same JSON value? Order of members does not matter, order of lists does. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
    );
  }
  return false;
}

/** One text for each JSON value, the same for equal values whatever the order of their members. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** The values of the keys of an item of a list of type `map`; a missing one is its default, else absent. */
export function mapKeysOf(schema: Schema, item: Record<string, unknown>): Record<string, unknown> {
  const keys: Record<string, unknown> = {};
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = own(item, key) ?? own(schema.items?.properties, key)?.default;
    if (value !== undefined) keys[key] = value;
  }
  return keys;
}

/** Lists of type `set` and `map` hold no item twice; the second one is the error. */
export function validateListType(schema: Schema, list: unknown[], path: string, errors: FieldError[]): void {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return;
  const seen = new Set<string>();
  list.forEach((item, index) => {
    if (type === 'map' && !isObject(item)) return;
    const identity = type === 'map' && isObject(item) ? mapKeysOf(schema, item) : item;
    const text = canonicalJson(identity);
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, identity));
    seen.add(text);
  });
}
