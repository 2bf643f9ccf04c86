import type { Schema } from '../schema/schema.ts';
import { isObject, memberSchema, own, put } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { appliedElements, itemElements, relationOf } from './relations.ts';

/** Lays an applied configuration over the live value, by the schema's list and map types. Changes neither. */
export function mergeApplied(
  schema: Schema | undefined,
  live: unknown,
  config: unknown,
  path: readonly string[] = [],
): unknown {
  const relation = relationOf(schema, config);
  if (relation === 'object' && isObject(config)) {
    const result: Record<string, unknown> = isObject(live) ? { ...live } : {};
    for (const [key, value] of Object.entries(config)) {
      const member = memberSchema(schema, key);
      if (value === null) delete result[key];
      else put(result, key, mergeApplied(member, own(result, key), value, [...path, `f:${key}`]));
    }
    return result;
  }
  if ((relation === 'map' || relation === 'set') && Array.isArray(config))
    return mergeItems(schema, relation, Array.isArray(live) ? live : [], config, path);
  return config;
}

/**
 * Items of both in Kubernetes' order (structured-merge-diff): those of the configuration in its own, and before each of
 * them the live ones that the configuration does not name, as far as they stand before the next item that both have.
 */
function mergeItems(
  schema: Schema | undefined,
  relation: 'map' | 'set',
  live: unknown[],
  config: unknown[],
  path: readonly string[],
): unknown[] {
  const applied = appliedElements(schema, relation, config, path);
  // Live items that cannot be told apart cannot be merged with either.
  const existing = itemElements(schema, relation, live) ?? [];
  const shared = applied.filter((element) => existing.includes(element));
  const result: unknown[] = [];
  let next = 0;
  applied.forEach((element, index) => {
    if (shared[0] === element) shared.shift();
    const position = existing.indexOf(element);
    const stop =
      position >= next ? position : nextShared(existing, next, position < 0 ? shared[0] : undefined);
    for (; next < stop; next++) if (!applied.includes(existing[next] ?? '')) result.push(live[next]);
    if (position === next) next += 1;
    const merged =
      relation === 'map'
        ? mergeApplied(schema?.items, live[position], config[index], [...path, element])
        : config[index];
    result.push(merged);
  });
  for (; next < existing.length; next++) if (!applied.includes(existing[next] ?? '')) result.push(live[next]);
  return result;
}

/** Where the next item that both have stands among the live ones; their end when it was passed already. */
function nextShared(existing: readonly string[], from: number, shared: string | undefined): number {
  const position = shared === undefined ? -1 : existing.indexOf(shared);
  return position >= from ? position : existing.length;
}

/**
 * Removes from `value` what `last` held and nobody holds any more (`owned`: all managers, the new claim too).
 * An object or item goes as a whole when nobody holds anything in it.
 */
export function removeAbandoned(
  schema: Schema | undefined,
  value: unknown,
  last: FieldSet,
  owned: FieldSet,
): unknown {
  const relation = relationOf(schema, value);
  if (relation === 'object' && isObject(value)) {
    const result = { ...value };
    for (const [element, below] of last.children) {
      const key = element.slice(2);
      if (!element.startsWith('f:') || !Object.hasOwn(result, key)) continue;
      const holders = owned.children.get(element);
      if (!holders) delete result[key];
      else put(result, key, removeAbandoned(memberSchema(schema, key), result[key], below, holders));
    }
    return result;
  }
  if ((relation === 'map' || relation === 'set') && Array.isArray(value)) {
    const elements = itemElements(schema, relation, value);
    if (!elements) return value;
    return value.flatMap((item: unknown, index) => {
      const element = elements[index] ?? '';
      const below = last.children.get(element);
      const holders = owned.children.get(element);
      if (!below) return [item];
      if (!holders) return [];
      return [relation === 'map' ? removeAbandoned(schema?.items, item, below, holders) : item];
    });
  }
  return value;
}
