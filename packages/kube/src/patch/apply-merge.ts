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

/** Items of the configuration in its order; the others stay where they stood between them. */
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
  const result: unknown[] = [];
  let next = 0;
  const emitUpTo = (position: number): void => {
    for (; next < position; next++) {
      const element = existing[next];
      if (element !== undefined && !applied.includes(element)) result.push(live[next]);
    }
  };
  applied.forEach((element, index) => {
    const position = existing.indexOf(element);
    if (position >= next) emitUpTo(position);
    const merged =
      relation === 'map'
        ? mergeApplied(schema?.items, live[position], config[index], [...path, element])
        : config[index];
    result.push(merged);
  });
  emitUpTo(existing.length);
  return result;
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
