import { equalJson } from '../schema/list-types.ts';
import type { Schema } from '../schema/schema.ts';
import { isObject, memberSchema, own } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, insert } from './field-set.ts';
import { appliedElements, isNamed, itemElements, relationOf } from './relations.ts';

/** The fields that an applied configuration lays claim to. Throws 400 for list items without keys or twice. */
export function fieldsOfConfig(schema: Schema | undefined, config: unknown): FieldSet {
  const set = emptySet();
  collect(schema, config, [], set);
  return set;
}

function collect(schema: Schema | undefined, value: unknown, path: string[], set: FieldSet): void {
  const relation = relationOf(schema, value);
  if (relation === 'object' && isObject(value)) {
    const keys = Object.keys(value);
    if (keys.length === 0) insert(set, path);
    for (const key of keys) {
      const at = [...path, `f:${key}`];
      collect(memberSchema(schema, key), value[key], at, set);
      // A key of a map of any names is owned as such; a named field only by what is in it.
      if (!isNamed(schema, key)) insert(set, at);
    }
  } else if ((relation === 'map' || relation === 'set') && Array.isArray(value)) {
    appliedElements(schema, relation, value, path).forEach((element, index) => {
      insert(set, [...path, element]);
      if (relation === 'map') collect(schema?.items, value[index], [...path, element], set);
    });
  } else insert(set, path);
}

/** What differs between two objects, as sets of fields. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** Compares two values of one schema; `undefined` is absent. */
export function compare(schema: Schema | undefined, before: unknown, after: unknown): Comparison {
  const result: Comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  compareAt(schema, before, after, [], result);
  return result;
}

function compareAt(
  schema: Schema | undefined,
  before: unknown,
  after: unknown,
  path: string[],
  result: Comparison,
): void {
  // Also when both are the very same part, as unchanged ones mostly are.
  if (before === after) return;
  const relations = [before, after].filter((v) => v !== undefined).map((v) => relationOf(schema, v));
  const relation = relations.every((r) => r === relations[0]) ? relations[0] : 'atomic';
  if (relation === 'object') {
    const a = isObject(before) ? before : {};
    const b = isObject(after) ? after : {};
    if (before === undefined && (Object.keys(b).length === 0 || schema?.properties === undefined))
      insert(result.added, path);
    if (after === undefined) insert(result.removed, path);
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      compareAt(memberSchema(schema, key), own(a, key), own(b, key), [...path, `f:${key}`], result);
    return;
  }
  if (relation === 'map' || relation === 'set') {
    const a = Array.isArray(before) ? before : [];
    const b = Array.isArray(after) ? after : [];
    const elementsOfA = itemElements(schema, relation, a);
    const elementsOfB = itemElements(schema, relation, b);
    if (elementsOfA && elementsOfB) {
      if (before === undefined) insert(result.added, path);
      if (after === undefined) insert(result.removed, path);
      for (const element of new Set([...elementsOfA, ...elementsOfB])) {
        const at = [...path, element];
        const wasAt = elementsOfA.indexOf(element);
        const isAt = elementsOfB.indexOf(element);
        if (wasAt < 0) insert(result.added, at);
        if (isAt < 0) insert(result.removed, at);
        if (relation === 'map') compareAt(schema?.items, a[wasAt], b[isAt], at, result);
      }
      return;
    }
  }
  if (before === undefined) insert(result.added, path);
  else if (after === undefined) insert(result.removed, path);
  else if (!equalJson(before, after)) insert(result.modified, path);
}
