import { readFileSync } from 'node:fs';
import type { CoreTypeResolver, JsonSchema } from '@pgherd/api';

/** A definition as Kubernetes publishes it (Swagger 2). */
interface Definition {
  $ref?: string;
  type?: string;
  format?: string;
  required?: string[];
  properties?: Record<string, Definition>;
  items?: Definition;
  additionalProperties?: Definition;
  'x-kubernetes-list-type'?: JsonSchema['x-kubernetes-list-type'];
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: JsonSchema['x-kubernetes-map-type'];
}

const refPrefix = '#/definitions/';
const groups = ['io.k8s.api.core.v1.', 'io.k8s.apimachinery.pkg.apis.meta.v1.'];
const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/**
 * Turns Kubernetes' published definitions into structural schemas for CustomResourceDefinitions: references spliced
 * in, descriptions and defaults left out (the CRD would be twenty times as large, and pgherd's CRD has no defaults).
 */
export function coreTypeResolver(schemaFile: string): CoreTypeResolver {
  const { definitions } = JSON.parse(readFileSync(schemaFile, 'utf8')) as {
    definitions: Record<string, Definition>;
  };
  const resolve = (name: string): JsonSchema => {
    if (name === quantity) return { 'x-kubernetes-int-or-string': true };
    const definition = definitions[name];
    if (definition === undefined) throw new Error(`${schemaFile} has no definition of ${name}`);
    return structural(definition, resolve);
  };
  return (name) => {
    const full = groups.map((group) => group + name).find((candidate) => candidate in definitions);
    if (full === undefined)
      throw new Error(`${schemaFile} has no definition of ${name} in ${groups.join(' or ')}`);
    return resolve(full);
  };
}

function structural(definition: Definition, resolve: (name: string) => JsonSchema): JsonSchema {
  if (definition.$ref !== undefined) return resolve(definition.$ref.slice(refPrefix.length));
  if (definition.format === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  const schema: JsonSchema = { type: (definition.type ?? 'object') as NonNullable<JsonSchema['type']> };
  if (definition.format !== undefined) schema.format = definition.format;
  if (definition.properties) {
    schema.properties = Object.fromEntries(
      Object.entries(definition.properties).map(([name, child]) => [name, structural(child, resolve)]),
    );
  }
  if (definition.required) schema.required = definition.required;
  if (definition.additionalProperties)
    schema.additionalProperties = structural(definition.additionalProperties, resolve);
  if (definition.items) schema.items = structural(definition.items, resolve);
  if (definition['x-kubernetes-map-type'])
    schema['x-kubernetes-map-type'] = definition['x-kubernetes-map-type'];
  const listType = definition['x-kubernetes-list-type'];
  const keys = definition['x-kubernetes-list-map-keys'] ?? [];
  // A CRD's list map needs its keys to be required or to have a default; without them the list is replaced as a whole.
  if (listType === 'map' && !keys.every((key) => schema.items?.required?.includes(key))) return schema;
  if (listType !== undefined) schema['x-kubernetes-list-type'] = listType;
  if (listType === 'map') schema['x-kubernetes-list-map-keys'] = keys;
  return schema;
}
