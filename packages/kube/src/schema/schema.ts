/**
 * An OpenAPI v3 schema as a CustomResourceDefinition carries it, with Kubernetes' extensions. Plain JSON.
 * Schemas of built-in kinds (`builtinSchema`) share subtrees and may be cyclic: never serialize those.
 */
export interface Schema {
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  nullable?: boolean;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  not?: Schema;
  example?: unknown;
  externalDocs?: unknown;
  $ref?: string;
  /** Unknown fields are kept instead of pruned. */
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  /** The value is an object with apiVersion, kind and metadata of its own. */
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-validations'?: unknown[];
  /** Strategic merge patch, built-in kinds only: `merge`, `replace`, `retainKeys`, comma separated. */
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
  'x-kubernetes-unions'?: unknown[];
}

/** Is `value` a JSON object (not null, not a list)? */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own member `key` of `object`; what only the prototype has (`constructor`) is not there. */
export function own<T>(object: Record<string, T> | undefined, key: string): T | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets `key` as an own member, `__proto__` too, which plain assignment would swallow. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else object[key] = value;
}

/** The schema of the values of member `key`: a property's, else that of additional properties. */
export function memberSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const property = own(schema?.properties, key);
  if (property) return property;
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
