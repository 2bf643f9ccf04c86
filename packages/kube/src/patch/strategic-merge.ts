import { ApiError } from '../objects/api-error.ts';
import { equalJson } from '../schema/list-types.ts';
import type { Schema } from '../schema/schema.ts';
import { isObject, memberSchema, put } from '../schema/schema.ts';

type Fields = Record<string, unknown>;

const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

const bad = (why: string): ApiError => new ApiError(400, 'BadRequest', why);
const rejected = (why: string): ApiError =>
  new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`);

/**
 * Applies a strategic merge patch to a copy of `live`. Objects merge; lists merge where the schema's patch
 * strategy says so (by merge key, or as sets of primitives) and are replaced otherwise; null removes.
 * Directives: `$patch: replace|delete|merge`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`, `$retainKeys`.
 * Throws 400 or 422 for patches that make no sense.
 */
export function strategicMergePatch(schema: Schema, live: Fields, patch: unknown): Fields {
  if (!isObject(patch)) throw bad('invalid strategic merge patch: it must be an object');
  return mergeObject(schema, structuredClone(live), patch, '');
}

function strategies(schema: Schema | undefined): string[] {
  return (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',');
}

function mergeObject(schema: Schema | undefined, original: Fields, patch: Fields, path: string): Fields {
  const directive = patch['$patch'];
  if (directive === 'replace') return clean(patch) as Fields;
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw bad(`unknown patch type ${JSON.stringify(directive)} found in ${path || 'the object'}`);
  const result = { ...original };
  retainKeys(result, patch, path);
  for (const field of fieldsOf(patch)) {
    const at = path === '' ? field : `${path}.${field}`;
    mergeField(memberSchema(schema, field), result, patch, field, at);
  }
  return result;
}

/** The fields that a patch speaks of, each once, directives about lists counted to their list. */
function fieldsOf(patch: Fields): Set<string> {
  const fields = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (key === '$patch' || key === '$retainKeys') continue;
    if (key.startsWith(deletePrefix)) fields.add(key.slice(deletePrefix.length));
    else if (key.startsWith(orderPrefix)) fields.add(key.slice(orderPrefix.length));
    else fields.add(key);
  }
  return fields;
}

function retainKeys(result: Fields, patch: Fields, path: string): void {
  const directive = patch['$retainKeys'];
  if (directive === undefined) return;
  const wrong = `invalid patch format of retainKeys${path === '' ? '' : ` in ${path}`}`;
  if (!Array.isArray(directive)) throw bad(wrong);
  const retained = new Set<unknown>(directive);
  for (const [key, value] of Object.entries(patch))
    if (value !== null && !key.startsWith('$') && !retained.has(key)) throw bad(wrong);
  for (const key of Object.keys(result)) if (!retained.has(key)) delete result[key];
}

function mergeField(
  schema: Schema | undefined,
  result: Fields,
  patch: Fields,
  field: string,
  path: string,
): void {
  const removals = listDirective(patch, deletePrefix + field);
  const order = listDirective(patch, orderPrefix + field);
  const before = Object.hasOwn(result, field) ? result[field] : undefined;
  if (removals && Array.isArray(before))
    result[field] = before.filter((item) => !removals.some((removal) => equalJson(item, removal)));
  const current = Object.hasOwn(result, field) ? result[field] : undefined;
  if (Object.hasOwn(patch, field)) {
    const value = patch[field];
    if (value === null) delete result[field];
    else if (isObject(value)) {
      if (isObject(current) && !strategies(schema).includes('replace'))
        put(result, field, mergeObject(schema, current, value, path));
      else if (value['$patch'] === 'delete') delete result[field];
      else put(result, field, clean(value));
    } else if (Array.isArray(value))
      put(result, field, mergeList(schema, Array.isArray(current) ? current : undefined, value, order, path));
    else put(result, field, value);
  } else if (order && Array.isArray(current)) {
    const key = schema?.['x-kubernetes-patch-merge-key'];
    result[field] = inOrder(current, order, Array.isArray(before) ? before : [], key);
  }
}

function listDirective(patch: Fields, key: string): unknown[] | undefined {
  if (!Object.hasOwn(patch, key)) return undefined;
  const list = patch[key];
  if (!Array.isArray(list)) throw bad(`invalid patch format of ${key}: it must be a list`);
  return list;
}

function mergeList(
  schema: Schema | undefined,
  original: unknown[] | undefined,
  patch: unknown[],
  order: unknown[] | undefined,
  path: string,
): unknown[] {
  if (!strategies(schema).includes('merge')) return patch.map(clean);
  const server = original ?? [];
  const primitive = [...server, ...patch].every((item) => !isObject(item) && !Array.isArray(item));
  if (primitive) {
    const both = [...server, ...patch].filter((item, index, all) => all.indexOf(item) === index);
    return inOrder(both, order ?? patch, server, undefined);
  }
  const key = schema?.['x-kubernetes-patch-merge-key'];
  if (key === undefined || key === '') throw rejected(`cannot merge lists without merge key for ${path}`);
  return mergeKeyedList(schema, server, patch, order, key, path);
}

function mergeKeyedList(
  schema: Schema | undefined,
  original: unknown[],
  patch: unknown[],
  order: unknown[] | undefined,
  key: string,
  path: string,
): unknown[] {
  const items = patch.map((item, index) => {
    if (Array.isArray(item)) throw rejected('lists of lists are not supported');
    if (!isObject(item)) throw rejected(`${path}[${index}] must be an object like the other items`);
    return item;
  });
  if (items.some((item) => item['$patch'] === 'replace'))
    return items.filter((item) => item['$patch'] === undefined).map(clean);
  let result = [...original];
  const merged: Fields[] = [];
  for (const item of items) {
    // A list of `replace` alone may lack the key; all others name the item that they are about.
    if (!Object.hasOwn(item, key))
      throw rejected(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const same = (other: unknown): boolean => isObject(other) && equalJson(other[key], item[key]);
    if (item['$patch'] === 'delete') {
      result = result.filter((other) => !same(other));
      continue;
    }
    merged.push(item);
    const index = result.findIndex(same);
    const existing = result[index];
    if (isObject(existing))
      result[index] = mergeObject(schema?.items, existing, item, `${path}[${key}=${String(item[key])}]`);
    else result.push(clean(item));
  }
  return inOrder(result, order ?? merged, original, key);
}

/**
 * Items that `wanted` names in its order, the others in the order that they had; where both kinds meet, an item
 * goes ahead of one of `wanted` only when it stood ahead of it before.
 */
function inOrder(items: unknown[], wanted: unknown[], before: unknown[], key: string | undefined): unknown[] {
  const identity = (item: unknown): unknown => (key !== undefined && isObject(item) ? item[key] : item);
  const position = (list: unknown[], item: unknown): number =>
    list.findIndex((other) => equalJson(identity(other), identity(item)));
  const byOrder =
    (list: unknown[]) =>
    (a: unknown, b: unknown): number =>
      position(list, a) - position(list, b);
  const named = items.filter((item) => position(wanted, item) >= 0).sort(byOrder(wanted));
  const others = items.filter((item) => position(wanted, item) < 0).sort(byOrder(before));
  const result: unknown[] = [];
  while (others.length > 0 && named.length > 0) {
    const was = position(before, others[0]);
    const is = position(before, named[0]);
    result.push(was >= 0 && is >= 0 && was < is ? others.shift() : named.shift());
  }
  return [...result, ...others, ...named];
}

/** A copy of a patch's value as a new value: without directives and, in objects, without nulls. */
function clean(value: unknown): unknown {
  if (Array.isArray(value))
    return value.filter((item) => !(isObject(item) && item['$patch'] === 'delete')).map(clean);
  if (!isObject(value)) return value;
  const result: Fields = {};
  for (const [key, member] of Object.entries(value)) {
    const directive =
      key === '$patch' ||
      key === '$retainKeys' ||
      key.startsWith(deletePrefix) ||
      key.startsWith(orderPrefix);
    if (directive || member === null || (isObject(member) && member['$patch'] === 'delete')) continue;
    put(result, key, clean(member));
  }
  return result;
}
