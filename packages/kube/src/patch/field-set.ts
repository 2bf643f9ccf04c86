import { put } from '../schema/schema.ts';

/**
 * A set of field paths, as a tree in the notation of FieldsV1: `f:name` a member of an object, `k:{…}` an item of
 * a list by its keys, `v:…` an item of a set by its value. Values of this type are never changed once made by
 * the functions below; only `insert` writes.
 */
export interface FieldSet {
  /** The path that leads here is itself in the set. */
  member: boolean;
  children: Map<string, FieldSet>;
}

export function emptySet(): FieldSet {
  return { member: false, children: new Map() };
}

export function isEmpty(set: FieldSet | undefined): boolean {
  return set === undefined || (!set.member && [...set.children.values()].every(isEmpty));
}

/** Adds one path. */
export function insert(set: FieldSet, path: readonly string[]): void {
  let node = set;
  for (const element of path) {
    let next = node.children.get(element);
    if (!next) node.children.set(element, (next = emptySet()));
    node = next;
  }
  node.member = true;
}

function combine(
  a: FieldSet | undefined,
  b: FieldSet | undefined,
  keep: (inA: boolean, inB: boolean) => boolean,
): FieldSet {
  const result: FieldSet = { member: keep(a?.member ?? false, b?.member ?? false), children: new Map() };
  for (const key of new Set([...(a?.children.keys() ?? []), ...(b?.children.keys() ?? [])])) {
    const child = combine(a?.children.get(key), b?.children.get(key), keep);
    if (!isEmpty(child)) result.children.set(key, child);
  }
  return result;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA || inB);
}
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA && inB);
}
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA && !inB);
}
export function equalSets(a: FieldSet, b: FieldSet): boolean {
  return isEmpty(combine(a, b, (inA, inB) => inA !== inB));
}

/** The set without everything at and below each of `paths` (names of members from the root). */
export function withoutPaths(set: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((from, path) => withoutPath(from, path), set);
}

function withoutPath(set: FieldSet, [first, ...rest]: readonly string[]): FieldSet {
  if (first === undefined) return emptySet();
  const key = `f:${first}`;
  const child = set.children.get(key);
  if (!child) return set;
  const children = new Map(set.children);
  const remaining = withoutPath(child, rest);
  if (isEmpty(remaining)) children.delete(key);
  else children.set(key, remaining);
  return { member: set.member, children };
}

/** All paths in the set, in a stable order. */
export function pathsOf(set: FieldSet, prefix: readonly string[] = []): string[][] {
  const own = set.member && prefix.length > 0 ? [[...prefix]] : [];
  const below = [...set.children].sort(([a], [b]) => (a < b ? -1 : 1));
  return [...own, ...below.flatMap(([key, child]) => pathsOf(child, [...prefix, key]))];
}

/** A path as Kubernetes prints it: `.spec.containers[name="x"].image`. */
export function pathText(path: readonly string[]): string {
  return path
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith('k:')) {
        const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
        return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
      }
      if (element.startsWith('v:')) return `[=${rest}]`;
      return element.startsWith('i:') ? `[${rest}]` : `.${rest}`;
    })
    .join('');
}

/** The set as `fieldsV1` carries it. */
export function toFieldsV1(set: FieldSet): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const children = [...set.children].filter(([, child]) => !isEmpty(child));
  if (set.member && children.length > 0) result['.'] = {};
  for (const [key, child] of children.sort(([a], [b]) => (a < b ? -1 : 1)))
    put(result, key, toFieldsV1(child));
  return result;
}

/** Reads `fieldsV1`; what is not in its notation is left out. */
export function fromFieldsV1(fields: unknown, root = true): FieldSet {
  const set = emptySet();
  const entries = typeof fields === 'object' && fields !== null ? Object.entries(fields) : [];
  set.member = !root && (entries.length === 0 || Object.hasOwn(fields as object, '.'));
  for (const [key, value] of entries)
    if (/^[fkvi]:/.test(key)) set.children.set(key, fromFieldsV1(value, false));
  return set;
}
