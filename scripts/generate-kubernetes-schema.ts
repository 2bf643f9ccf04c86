/**
 * Writes `packages/kube/data/kubernetes-schema.json`: the definitions of the kinds that pgherd knows, out of
 * Kubernetes' own OpenAPI document.
 *
 *     node scripts/generate-kubernetes-schema.ts swagger.json VERSION
 *
 * `swagger.json` is `api/openapi-spec/swagger.json` of Kubernetes' source. Debian's source package `python-kubernetes`
 * carries it as `kubernetes/swagger.json.unprocessed` (30.1.0 in trixie: Kubernetes v1.30.1).
 * The document is taken as it is (descriptions are what `kubectl explain` shows) except for `corrections`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Definition {
  description?: string;
  type?: string;
  properties?: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

const core = ['Namespace', 'Pod', 'Service', 'Endpoints', 'ConfigMap', 'Secret', 'Event', 'ServiceAccount'];
core.push('PersistentVolumeClaim', 'PersistentVolume', 'Node');
const group = (prefix: string, kinds: string[]): string[] =>
  kinds.map((kind) => `io.k8s.api.${prefix}.${kind}`);

/** Kinds and what else is wanted by name; everything that they refer to follows, their lists too. */
const roots = [
  ...group('core.v1', core),
  ...group('events.v1', ['Event']),
  ...group('storage.v1', ['StorageClass']),
  ...group('apps.v1', ['StatefulSet', 'ControllerRevision', 'Deployment', 'ReplicaSet']),
  ...group('batch.v1', ['Job', 'CronJob']),
  ...group('scheduling.v1', ['PriorityClass']),
  ...group('policy.v1', ['PodDisruptionBudget', 'Eviction']),
  ...group('coordination.v1', ['Lease']),
  ...group('discovery.v1', ['EndpointSlice']),
  ...group('autoscaling.v1', ['Scale']),
  ...group('rbac.v1', ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']),
  ...group('authorization.v1', ['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview']),
  ...group('authorization.v1', ['LocalSubjectAccessReview']),
  ...group('authentication.v1', ['TokenRequest', 'TokenReview', 'SelfSubjectReview']),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList',
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList',
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions',
  'io.k8s.apimachinery.pkg.version.Info',
];

/** Where the document says less than the Go types that the API server itself goes by. */
const corrections: { definition: string; property?: string; set: Record<string, unknown>; why: string }[] = [
  {
    definition: 'io.k8s.api.core.v1.ContainerPort',
    property: 'protocol',
    set: { default: 'TCP' },
    why: 'key of the list of ports; the default is only in the v3 documents',
  },
  {
    definition: 'io.k8s.api.core.v1.ServicePort',
    property: 'protocol',
    set: { default: 'TCP' },
    why: 'key of the list of ports; the default is only in the v3 documents',
  },
];

/** All definition names that `node` refers to. */
function references(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) for (const item of node) references(item, found);
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string') found.add(value.replace('#/definitions/', ''));
      else references(value, found);
    }
  }
}

const [file, version] = process.argv.slice(2);
if (file === undefined || version === undefined) {
  console.error('usage: node scripts/generate-kubernetes-schema.ts swagger.json VERSION');
  process.exit(64);
}
const document = JSON.parse(readFileSync(file, 'utf8')) as { definitions: Record<string, Definition> };
const all = document.definitions;
const wanted = new Set<string>();
const queue = roots.flatMap((name) => (all[`${name}List`] ? [name, `${name}List`] : [name]));
for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
  if (wanted.has(name)) continue;
  const definition = all[name];
  if (!definition) throw new Error(`${file}: no definition ${name}; is it of another version?`);
  wanted.add(name);
  const found = new Set<string>();
  references(definition, found);
  queue.push(...found);
}
const definitions: Record<string, Definition> = {};
for (const name of [...wanted].sort()) definitions[name] = all[name] as Definition;
// DeleteOptions lists every group of the document; only those that exist here are kept.
const groups = new Set(
  [...wanted].flatMap((name) => {
    const gvks = (definitions[name]?.['x-kubernetes-group-version-kind'] ?? []) as {
      group: string;
      version: string;
    }[];
    return gvks.length === 1 ? gvks.map((gvk) => `${gvk.group}/${gvk.version}`) : [];
  }),
);
for (const definition of Object.values(definitions)) {
  const gvks = definition['x-kubernetes-group-version-kind'] as
    | { group: string; version: string }[]
    | undefined;
  if (gvks && gvks.length > 1)
    definition['x-kubernetes-group-version-kind'] = gvks.filter((gvk) =>
      groups.has(`${gvk.group}/${gvk.version}`),
    );
}
for (const { definition, property, set } of corrections) {
  const target =
    property === undefined ? definitions[definition] : definitions[definition]?.properties?.[property];
  if (!target) throw new Error(`correction of ${definition} ${property ?? ''}: not in the document`);
  Object.assign(target, set);
}
const out = new URL('../packages/kube/data/kubernetes-schema.json', import.meta.url);
const lines = Object.entries(definitions).map(
  ([name, d]) => `    ${JSON.stringify(name)}: ${JSON.stringify(d)}`,
);
writeFileSync(
  out,
  `{\n  "source": ${JSON.stringify(`Kubernetes ${version}, api/openapi-spec/swagger.json`)},\n  "definitions": {\n${lines.join(',\n')}\n  }\n}\n`,
);
console.log(`${lines.length} definitions`);
