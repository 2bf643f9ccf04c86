import data from '../../data/kubernetes-schema.json' with { type: 'json' };
import type { GroupVersionKind } from '../objects/object.ts';
import type { Schema } from './schema.ts';

/** Names of definitions by what reading them needs beyond the document. */
const special: Record<string, Schema> = {
  // Numbers are accepted and become text; the document only says what is written.
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { anyOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
  // Anything at all; what is in there has other rules or none.
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    'x-kubernetes-map-type': 'atomic',
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    'x-kubernetes-map-type': 'atomic',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': anything(),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': anything(),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': anything(),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': anything(),
};

function anything(): Schema {
  return { 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-map-type': 'atomic' };
}

/** Kubernetes' definitions as published, by name (`io.k8s.api.core.v1.Pod`), with `$ref`s. Never change them. */
export const builtinDefinitions = data.definitions as unknown as Readonly<Record<string, Schema>>;

/** Kubernetes' version whose definitions these are. */
export const builtinSource: string = data.source;

const linked = linkDefinitions(builtinDefinitions);
const nameOfKind = new Map<string, string>();
for (const [name, definition] of Object.entries(builtinDefinitions)) {
  const kinds = definition['x-kubernetes-group-version-kind'] ?? [];
  for (const kind of kinds) {
    // DeleteOptions and the like say that they belong to every group; the key then is not theirs alone.
    if (kinds.length === 1 || !nameOfKind.has(keyOf(kind))) nameOfKind.set(keyOf(kind), name);
  }
}

function keyOf({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

/** Name of a kind's definition, e.g. `io.k8s.api.core.v1.Pod`; undefined when it is not built in. */
export function builtinDefinitionName(gvk: GroupVersionKind): string | undefined {
  return nameOfKind.get(keyOf(gvk));
}

/**
 * The schema of a built-in kind, all references followed; undefined when it is not built in. It is cyclic where
 * the kind is (CustomResourceDefinition) and shared: read only, never serialized.
 */
export function builtinSchema(gvk: GroupVersionKind): Schema | undefined {
  const name = builtinDefinitionName(gvk);
  return name === undefined ? undefined : linked.get(name);
}

/** The schema of a definition by name, all references followed, e.g. `io.k8s.api.core.v1.PodTemplateSpec`. */
export function builtinDefinition(name: string): Schema | undefined {
  return linked.get(name);
}

/** The schema of `metadata`. */
export const objectMetaSchema: Schema = linked.get(
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
) as Schema;

/**
 * Replaces references by what they name. Works on copies; a reference with a description of its own becomes a
 * copy whose members are shared with the definition.
 */
function linkDefinitions(definitions: Readonly<Record<string, Schema>>): Map<string, Schema> {
  const done = new Map<string, Schema>();
  for (const [name, definition] of Object.entries(definitions)) {
    const extra = special[name];
    done.set(name, extra ? { ...extra, ...describe(definition) } : structuredClone(definition));
  }
  const follow = (schema: Schema): Schema => {
    if (schema.$ref === undefined) {
      link(schema);
      return schema;
    }
    const { $ref, ...rest } = schema;
    const target = done.get($ref.replace('#/definitions/', ''));
    if (!target) throw new Error(`kubernetes-schema.json: ${$ref} is missing; generate it again`);
    return { ...target, ...rest };
  };
  const link = (schema: Schema): void => {
    for (const [key, property] of Object.entries(schema.properties ?? {}))
      (schema.properties as Record<string, Schema>)[key] = follow(property);
    if (schema.items) schema.items = follow(schema.items);
    if (typeof schema.additionalProperties === 'object')
      schema.additionalProperties = follow(schema.additionalProperties);
  };
  for (const schema of done.values()) link(schema);
  return done;
}

function describe({ description }: Schema): Schema {
  return description === undefined ? {} : { description };
}
