import { apiVersionOf, resourceName } from '../objects/index.ts';
import type { KubeObject, ResourceType } from '../objects/index.ts';

/** Which object: `namespace` for kinds that live in one. */
export interface ObjectKey {
  namespace?: string;
  name: string;
}

/** Query parameters; `undefined` ones are left out. */
export type Query = Record<string, string | number | boolean | undefined | string[]>;

/** `/api/v1/namespaces/NS/pods` or `/apis/GROUP/VERSION/…`; without `namespace` all of them. */
export function collectionPath(resource: ResourceType, namespace?: string): string {
  const root = resource.group === '' ? '/api' : '/apis';
  const inNamespace =
    resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${apiVersionOf(resource)}${inNamespace}/${resource.plural}`;
}

/** Path of one object or of its subresource. Throws when the name, or a needed namespace, is missing. */
export function objectPath(resource: ResourceType, key: ObjectKey, subresource?: string): string {
  if (key.name === '') throw new TypeError(`${resourceName(resource)}: the object's name is missing`);
  if (resource.namespaced && !key.namespace) {
    throw new TypeError(`${resourceName(resource)} ${key.name}: the object's namespace is missing`);
  }
  const path = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** The key of an object at hand; throws when it has no name. */
export function keyOf(object: KubeObject): ObjectKey {
  const { name, namespace } = object.metadata;
  if (!name) throw new TypeError(`${object.kind ?? 'object'}: metadata.name is missing`);
  return namespace === undefined ? { name } : { namespace, name };
}

/** `path` with the query appended. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) parameters.append(name, one);
    else if (value !== undefined) parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
