import type { JsonSchema } from './json-schema.ts';

declare const typeOf: unique symbol;

/** A schema that also carries, for the compiler only, the TypeScript type of the values that it accepts. */
export interface Node<T> {
  readonly schema: JsonSchema;
  readonly [typeOf]?: T;
}

/** A member of an object that must be present. */
export interface RequiredNode<T> extends Node<T> {
  readonly required: true;
}

/** The TypeScript type of the values that a node accepts. */
export type Infer<N> = N extends Node<infer T> ? T : never;

type Members = Record<string, Node<unknown>>;
type Flatten<T> = { [K in keyof T]: T[K] };

/** The TypeScript type of an object with these members; all but the `required` ones are optional. */
export type InferMembers<M> = Flatten<
  { [K in keyof M as M[K] extends { required: true } ? K : never]: Infer<M[K]> } & {
    [K in keyof M as M[K] extends { required: true } ? never : K]?: Infer<M[K]>;
  }
>;

/** What a string must look like, besides being one. */
export type StringRules = Pick<JsonSchema, 'pattern' | 'format' | 'minLength' | 'maxLength'>;

/** What a number must look like, besides being one. */
export type NumberRules = Pick<JsonSchema, 'minimum' | 'maximum'>;

/** A string. `description` is shown to the user: in the CRD, in the reference, in the console. */
export function string(description: string, rules: StringRules = {}): Node<string> {
  return { schema: { type: 'string', description, ...rules } };
}

/** One of the given words. */
export function oneOf<const V extends string>(description: string, values: readonly V[]): Node<V> {
  return { schema: { type: 'string', description, enum: [...values] } };
}

/** A whole number of 32 bits. */
export function int32(description: string, rules: NumberRules = {}): Node<number> {
  return { schema: { type: 'integer', format: 'int32', description, ...rules } };
}

/** A whole number of 64 bits; values beyond 2^53 are not exact, and no field needs them. */
export function int64(description: string, rules: NumberRules = {}): Node<number> {
  return { schema: { type: 'integer', format: 'int64', description, ...rules } };
}

export function boolean(description: string): Node<boolean> {
  return { schema: { type: 'boolean', description } };
}

/** A list. An item's own description is kept beside the list's. */
export function array<T>(description: string, items: Node<T>): Node<T[]> {
  return { schema: { type: 'array', description, items: items.schema } };
}

/** A list whose items are told apart by the members `keys`, so that server-side apply merges it. */
export function listMap<T>(description: string, keys: string[], items: Node<T>): Node<T[]> {
  return {
    schema: {
      type: 'array',
      description,
      items: items.schema,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': keys,
    },
  };
}

/** An object with names of the user's choice. */
export function map<T>(description: string, values: Node<T>): Node<Record<string, T>> {
  return { schema: { type: 'object', description, additionalProperties: values.schema } };
}

/** An object with the given members. `rules` are what no single member can say. */
export function object<M extends Members>(
  description: string,
  members: M,
  rules: Pick<JsonSchema, 'anyOf' | 'not'> = {},
): Node<InferMembers<M>> {
  const required = Object.keys(members).filter((name) => 'required' in (members[name] ?? {}));
  return {
    schema: {
      type: 'object',
      description,
      properties: Object.fromEntries(Object.entries(members).map(([name, node]) => [name, node.schema])),
      ...(required.length > 0 ? { required } : {}),
      ...rules,
    },
  };
}

/** A type of Kubernetes' core API, e.g. `core<Container>('Container', '…')`. */
export function core<T>(name: string, description: string): Node<T> {
  return { schema: { description, 'x-pgherd-core-type': name } };
}

/** Anything: kept as it is. */
export function anything<T>(description: string): Node<T> {
  return { schema: { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true } };
}

/** Also accepts `null`, which means the same as leaving the field out. */
export function nullable<T>(node: Node<T>): Node<T | null> {
  return { schema: { ...node.schema, nullable: true } };
}

/** Must be present in the object that it is a member of. */
export function required<T>(node: Node<T>): RequiredNode<T> {
  return { schema: node.schema, required: true };
}
