import { builtinDefinitionName, builtinDefinitions } from '@pgherd/kube/schema';
import type { Schema } from '@pgherd/kube/schema';

/** What the documents need to know of a served kind; `ServedResource` and more will do. */
export interface PublishedKind {
  group: string;
  version: string;
  plural: string;
  kind: string;
  listKind: string;
  namespaced: boolean;
  verbs: string[];
  subresources: string[];
  /** Only of kinds from a CustomResourceDefinition. */
  custom?: { schema: Schema } | undefined;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Name of a kind's definition: Kubernetes' own, or the group reversed for custom resources. */
export function definitionName(kind: PublishedKind): string {
  const name = kind.custom ? undefined : builtinDefinitionName(kind);
  return name ?? [...kind.group.split('.').reverse(), kind.version, kind.kind].join('.');
}

/** Name of the definition of the kind's list. */
export function listDefinitionName(kind: PublishedKind): string {
  const gvk = { ...kind, kind: kind.listKind };
  return (kind.custom ? undefined : builtinDefinitionName(gvk)) ?? `${definitionName(kind)}List`;
}

/** `v1` or `group/version`. */
export function groupVersion(kind: { group: string; version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

const reference = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
const described = (name: string): string =>
  builtinDefinitions['io.k8s.api.core.v1.Pod']?.properties?.[name]?.description ?? '';

function customDefinitions(kind: PublishedKind, schema: Schema): Record<string, Schema> {
  const identity = {
    apiVersion: { type: 'string', description: described('apiVersion') },
    kind: { type: 'string', description: described('kind') },
  };
  const gvk = (name: string): { group: string; version: string; kind: string }[] => [
    { group: kind.group, version: kind.version, kind: name },
  ];
  const own: Schema = {
    ...schema,
    properties: { ...identity, metadata: reference(`${meta}.ObjectMeta`), ...withoutMeta(schema) },
    'x-kubernetes-group-version-kind': gvk(kind.kind),
  };
  const list: Schema = {
    type: 'object',
    description: `${kind.listKind} is a list of ${kind.kind}`,
    required: ['items'],
    properties: {
      ...identity,
      metadata: reference(`${meta}.ListMeta`),
      items: {
        type: 'array',
        description: `List of ${kind.plural}.`,
        items: reference(definitionName(kind)),
      },
    },
    'x-kubernetes-group-version-kind': gvk(kind.listKind),
  };
  return { [definitionName(kind)]: own, [listDefinitionName(kind)]: list };
}

function withoutMeta({ properties = {} }: Schema): Record<string, Schema> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...rest } = properties;
  return rest;
}

/** All definitions that these kinds and what they answer refer to, in the notation of OpenAPI v2. */
export function definitionsOf(kinds: readonly PublishedKind[]): Record<string, Schema> {
  const custom: Record<string, Schema> = {};
  for (const kind of kinds)
    if (kind.custom) Object.assign(custom, customDefinitions(kind, kind.custom.schema));
  const result: Record<string, Schema> = {};
  const queue = [`${meta}.DeleteOptions`, `${meta}.Status`, `${meta}.APIResourceList`, `${meta}.Patch`];
  for (const kind of kinds) queue.push(definitionName(kind), listDefinitionName(kind));
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (Object.hasOwn(result, name)) continue;
    const definition = custom[name] ?? builtinDefinitions[name] ?? fallback(name);
    if (!definition) continue;
    result[name] = definition;
    collectReferences(definition, queue);
  }
  return Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The body of a patch is anything that its content type makes of it. */
function fallback(name: string): Schema | undefined {
  return name === `${meta}.Patch`
    ? { type: 'object', description: 'A patch in the format of its content type.' }
    : undefined;
}

function collectReferences(node: unknown, names: string[]): void {
  if (Array.isArray(node)) for (const item of node) collectReferences(item, names);
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string') names.push(value.replace('#/definitions/', ''));
      else collectReferences(value, names);
    }
  }
}
