/**
 * The part of apiextensions' JSONSchemaProps that a structural schema of a CustomResourceDefinition may use and that
 * pgherd does use. Key order is the order in the generated file.
 */
export interface JsonSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  format?: string;
  pattern?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  nullable?: boolean;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  anyOf?: JsonSchema[];
  not?: JsonSchema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /**
   * Not Kubernetes': stands for a type of Kubernetes' core API, e.g. `Container`. Whoever emits a
   * CustomResourceDefinition replaces it (`resolveCoreTypes`); it never reaches an API server.
   */
  'x-pgherd-core-type'?: string;
}

/** Returns the schema of a core type (`Container`, `Probe` …); throws when it has none of that name. */
export type CoreTypeResolver = (name: string) => JsonSchema;

/** A copy of `schema` in which every stand-in for a core type is replaced by that type's own schema. */
export function resolveCoreTypes(schema: JsonSchema, resolve: CoreTypeResolver): JsonSchema {
  const { 'x-pgherd-core-type': coreType, ...rest } = schema;
  // The field's own words win over those of the core type.
  const result: JsonSchema = coreType === undefined ? rest : { ...resolve(coreType), ...rest };
  if (coreType !== undefined) return result;
  if (result.items) result.items = resolveCoreTypes(result.items, resolve);
  if (typeof result.additionalProperties === 'object')
    result.additionalProperties = resolveCoreTypes(result.additionalProperties, resolve);
  if (result.properties) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, child]) => [name, resolveCoreTypes(child, resolve)]),
    );
  }
  return result;
}
