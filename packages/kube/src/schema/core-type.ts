import { builtinDefinitions } from './builtin.ts';
import type { Schema } from './schema.ts';

const refPrefix = '#/definitions/';
const groups = ['io.k8s.api.core.v1.', 'io.k8s.apimachinery.pkg.apis.meta.v1.'];
const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/**
 * A type of Kubernetes' core API (`Container`, `Probe` …) as structural schema for CustomResourceDefinitions: references
 * spliced in, descriptions and defaults left out. Throws when there is none of that name.
 */
export function coreTypeSchema(name: string): Schema {
  const full = groups.map((group) => group + name).find((candidate) => candidate in builtinDefinitions);
  if (full === undefined) throw new Error(`Kubernetes has no ${name} in ${groups.join(' or ')}`);
  return definitionOf(full);
}

function definitionOf(name: string): Schema {
  if (name === quantity) return { 'x-kubernetes-int-or-string': true };
  const definition = builtinDefinitions[name];
  if (definition === undefined) throw new Error(`Kubernetes has no ${name}`);
  return structural(definition);
}

function structural(definition: Schema): Schema {
  if (definition.$ref !== undefined) return definitionOf(definition.$ref.slice(refPrefix.length));
  if (definition.format === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  const schema: Schema = { type: definition.type ?? 'object' };
  if (definition.format !== undefined) schema.format = definition.format;
  if (definition.properties) {
    schema.properties = Object.fromEntries(
      Object.entries(definition.properties).map(([name, child]) => [name, structural(child)]),
    );
  }
  if (definition.required) schema.required = definition.required;
  if (typeof definition.additionalProperties === 'object')
    schema.additionalProperties = structural(definition.additionalProperties);
  if (definition.items) schema.items = structural(definition.items);
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
