import type { ResourceDefinition } from '../registry/index.ts';
import { virtualResources, type VirtualResource } from './virtual-resources.ts';

interface ApiResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  group?: string;
  version?: string;
  shortNames?: string[];
  categories?: string[];
}

const scale = { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] };

/** Kind, group and version, and verbs of subresources that are not the object itself. */
const subresourceKinds: Record<string, { kind: string; group?: string; version?: string; verbs: string[] }> =
  {
    'serviceaccounts/token': {
      kind: 'TokenRequest',
      group: 'authentication.k8s.io',
      version: 'v1',
      verbs: ['create'],
    },
    'pods/eviction': { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    'pods/binding': { kind: 'Binding', verbs: ['create'] },
    'pods/exec': { kind: 'PodExecOptions', verbs: ['create', 'get'] },
    'pods/attach': { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
    'pods/portforward': { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    'pods/log': { kind: 'Pod', verbs: ['get'] },
    'namespaces/finalize': { kind: 'Namespace', verbs: ['update'] },
    'deployments/scale': scale,
    'replicasets/scale': scale,
    'statefulsets/scale': scale,
  };

type Listed = ResourceDefinition | VirtualResource;

function everything(definitions: readonly ResourceDefinition[]): Listed[] {
  return [...definitions, ...virtualResources];
}

function subresourcesOf(definition: Listed): ApiResource[] {
  return [...definition.subresources].sort().map((name) => {
    const special = subresourceKinds[`${definition.plural}/${name}`];
    return {
      name: `${definition.plural}/${name}`,
      singularName: '',
      namespaced: definition.namespaced,
      kind: special?.kind ?? definition.kind,
      verbs: special?.verbs ?? ['get', 'patch', 'update'],
      ...(special?.group === undefined ? {} : { group: special.group }),
      ...(special?.version === undefined ? {} : { version: special.version }),
    };
  });
}

/** `APIResourceList` of one group and version; undefined when nothing is served there. */
export function resourceList(
  definitions: readonly ResourceDefinition[],
  group: string,
  version: string,
): Record<string, unknown> | undefined {
  const members = everything(definitions).filter((d) => d.group === group && d.version === version);
  if (members.length === 0) return undefined;
  const resources = members.flatMap((d): ApiResource[] => [
    {
      name: d.plural,
      singularName: d.singular,
      namespaced: d.namespaced,
      kind: d.kind,
      verbs: d.verbs,
      ...('shortNames' in d && d.shortNames.length > 0 ? { shortNames: d.shortNames } : {}),
      ...('categories' in d && d.categories.length > 0 ? { categories: d.categories } : {}),
    },
    ...subresourcesOf(d),
  ]);
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion,
    resources,
  };
}

/** Groups in the order of their registration, each with its versions, the preferred one first. */
function groups(definitions: readonly ResourceDefinition[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { group, version } of everything(definitions)) {
    if (group === '') continue;
    const versions = found.get(group) ?? [];
    if (!versions.includes(version)) versions.push(version);
    found.set(group, versions.sort(byPriority));
  }
  return found;
}

/** Kubernetes' order: v2, v1, v1beta2, v1beta1, v1alpha1, others by name. */
function byPriority(a: string, b: string): number {
  const rank = (version: string): number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (!match) return [0, 0, 0];
    const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const left = rank(a);
  const right = rank(b);
  for (let i = 0; i < 3; i++) {
    if (left[i] !== right[i]) return (right[i] ?? 0) - (left[i] ?? 0);
  }
  return a < b ? -1 : 1;
}

function apiGroup(name: string, versions: string[]): Record<string, unknown> {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** The body of `/apis`. */
export function groupList(definitions: readonly ResourceDefinition[]): Record<string, unknown> {
  const list = [...groups(definitions)].map(([name, versions]) => apiGroup(name, versions));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: list };
}

/** The body of `/apis/GROUP`; undefined when the group is not served. */
export function singleGroup(
  definitions: readonly ResourceDefinition[],
  name: string,
): Record<string, unknown> | undefined {
  const versions = groups(definitions).get(name);
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(name, versions) };
}

/** The body of `/api`. */
export function coreVersions(address: string): Record<string, unknown> {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** Aggregated discovery: everything below `/api` or `/apis` in one document. */
export function aggregated(
  definitions: readonly ResourceDefinition[],
  core: boolean,
  version: string,
): Record<string, unknown> {
  const all = everything(definitions);
  const list: [string, string[]][] = core ? [['', ['v1']]] : [...groups(definitions)];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: list.map(([group, versions]) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versions.map((each) => ({
        version: each,
        freshness: 'Current',
        resources: all
          .filter((d) => d.group === group && d.version === each)
          .map((definition) => discoveredResource(definition)),
      })),
    })),
  };
}

function discoveredResource(definition: Listed): Record<string, unknown> {
  const { group, version, kind, plural, singular, namespaced, verbs } = definition;
  const subresources = subresourcesOf(definition).map((each) => ({
    subresource: each.name.split('/')[1],
    responseKind: { group: each.group ?? '', version: each.version ?? '', kind: each.kind },
    verbs: each.verbs,
  }));
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...('shortNames' in definition && definition.shortNames.length > 0
      ? { shortNames: definition.shortNames }
      : {}),
    ...('categories' in definition && definition.categories.length > 0
      ? { categories: definition.categories }
      : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
