/**
 * Lists that server-side apply merges by key (`x-kubernetes-list-type: map` in Kubernetes' OpenAPI), as far as
 * pgherd writes them; all other lists are atomic. Keyed by the name of the field.
 */
const mapLists: Record<string, string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  ownerReferences: ['uid'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};

/** Keys of the list at `path`, or undefined when it is compared as a whole. */
export function listKeys(path: readonly string[]): string[] | undefined {
  const field = path.at(-1) ?? '';
  if (field === 'ports') {
    return path.some((part) => part.startsWith('containers') || part.startsWith('initContainers'))
      ? ['containerPort', 'protocol']
      : ['port', 'protocol'];
  }
  return mapLists[field];
}

/** The element of `list` whose keys have these values. */
export function elementByKeys(list: unknown, keys: Record<string, unknown>): unknown {
  if (!Array.isArray(list)) return undefined;
  return list.find(
    (element) => isObject(element) && Object.entries(keys).every(([key, value]) => element[key] === value),
  );
}

/** A JSON object, not null and not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `containers[name=postgres]` is one path segment, so that a path prints as people write it. */
export function keyedSegment(field: string, keys: Record<string, unknown>): string {
  const text = Object.entries(keys)
    .filter(([key]) => key !== 'protocol')
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',');
  return `${field}[${text}]`;
}
