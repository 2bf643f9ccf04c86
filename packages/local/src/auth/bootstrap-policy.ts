import { ApiError, clusterRoleBindings, clusterRoles } from '@pgherd/kube/objects';
import type { KubeObject, PolicyRule, Resource } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';
import { missingRules } from './rbac-rules.ts';

const RBAC = 'rbac.authorization.k8s.io';
const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

const rule = (apiGroups: string[], resources: string[], verbs: string[]): PolicyRule => ({
  apiGroups,
  resources,
  verbs,
});

const CORE_OBJECTS = [
  'configmaps',
  'endpoints',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'serviceaccounts',
  'services',
];
const APPS_OBJECTS = ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'];

const VIEW_RULES: PolicyRule[] = [
  rule([''], [...CORE_OBJECTS, 'persistentvolumeclaims/status', 'services/status'], READ),
  rule(
    [''],
    ['bindings', 'events', 'limitranges', 'namespaces', 'namespaces/status', 'pods/log', 'pods/status'],
    READ,
  ),
  rule(['discovery.k8s.io'], ['endpointslices'], READ),
  rule(
    ['apps'],
    [...APPS_OBJECTS, 'deployments/scale', 'replicasets/scale', 'statefulsets/scale', 'statefulsets/status'],
    READ,
  ),
  rule(['batch'], ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'], READ),
  rule(['policy'], ['poddisruptionbudgets', 'poddisruptionbudgets/status'], READ),
];

const EDIT_RULES: PolicyRule[] = [
  rule(
    [''],
    ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'],
    READ,
  ),
  rule([''], ['serviceaccounts'], ['impersonate']),
  rule([''], ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], WRITE),
  rule([''], ['pods/eviction'], ['create']),
  rule(
    [''],
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
    WRITE,
  ),
  rule([''], ['serviceaccounts/token'], ['create']),
  rule(
    ['apps'],
    [
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
    WRITE,
  ),
  rule(['batch'], ['cronjobs', 'jobs'], WRITE),
  rule(['policy'], ['poddisruptionbudgets'], WRITE),
  rule(['coordination.k8s.io'], ['leases'], [...READ, ...WRITE]),
];

const ADMIN_RULES: PolicyRule[] = [
  rule(['authorization.k8s.io'], ['localsubjectaccessreviews'], ['create']),
  rule([RBAC], ['rolebindings', 'roles'], [...READ, ...WRITE]),
];

/** A ClusterRole that a cluster has from its first moment. */
interface BootstrapRole {
  name: string;
  rules?: PolicyRule[];
  /** Its rules go into the role of this name. */
  aggregateTo?: 'admin' | 'edit' | 'view';
  /** It is made of the roles that aggregate to it. */
  aggregated?: boolean;
}

const ROLES: BootstrapRole[] = [
  { name: 'cluster-admin', rules: [rule(['*'], ['*'], ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }] },
  { name: 'admin', aggregated: true },
  { name: 'edit', aggregated: true, aggregateTo: 'admin' },
  { name: 'view', aggregated: true, aggregateTo: 'edit' },
  { name: 'system:aggregate-to-admin', aggregateTo: 'admin', rules: ADMIN_RULES },
  { name: 'system:aggregate-to-edit', aggregateTo: 'edit', rules: EDIT_RULES },
  { name: 'system:aggregate-to-view', aggregateTo: 'view', rules: VIEW_RULES },
  {
    name: 'system:basic-user',
    rules: [
      rule(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
      rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      {
        nonResourceURLs: [
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/openapi',
          '/openapi/*',
          '/readyz',
          '/version',
          '/version/',
        ],
        verbs: ['get'],
      },
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [{ nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] }],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [{ nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks'], verbs: ['get'] }],
  },
];

/** ClusterRoleBinding of the same name as its role → the groups that have it. */
const BINDINGS: Record<string, string[]> = {
  'cluster-admin': ['system:masters'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
  'system:service-account-issuer-discovery': ['system:serviceaccounts'],
};

/**
 * Creates the roles and bindings that every cluster has, and gives back rules that somebody took from them, unless
 * the object's annotation `rbac.authorization.kubernetes.io/autoupdate` is `false`. To be called at each start.
 */
export function ensureBootstrapPolicy(registry: Registry): void {
  for (const role of ROLES) ensureRole(registry, role);
  for (const [name, groups] of Object.entries(BINDINGS)) {
    if (find(registry, clusterRoleBindings, name)) continue;
    registry.create(clusterRoleBindings, undefined, {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: metadata(name),
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
      subjects: groups.map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group })),
    });
  }
}

function ensureRole(registry: Registry, role: BootstrapRole): void {
  const present = find(registry, clusterRoles, role.name);
  if (!present) {
    registry.create(clusterRoles, undefined, buildRole(role));
    return;
  }
  if (!role.rules || present.metadata.annotations?.[AUTO_UPDATE] === 'false') return;
  const owned = (present['rules'] as PolicyRule[] | null | undefined) ?? [];
  const missing = missingRules(owned, role.rules);
  if (missing.length === 0) return;
  registry.update(clusterRoles, undefined, role.name, { ...present, rules: [...owned, ...missing] });
}

function buildRole(role: BootstrapRole): KubeObject {
  const labels = role.aggregateTo ? { [`${RBAC}/aggregate-to-${role.aggregateTo}`]: 'true' } : {};
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: metadata(role.name, labels),
    ...(role.aggregated
      ? {
          aggregationRule: {
            clusterRoleSelectors: [{ matchLabels: { [`${RBAC}/aggregate-to-${role.name}`]: 'true' } }],
          },
        }
      : {}),
    rules: role.rules ?? [],
  };
}

function metadata(name: string, labels: Record<string, string> = {}): KubeObject['metadata'] {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTO_UPDATE]: 'true' },
  };
}

function find(registry: Registry, resource: Resource, name: string): KubeObject | undefined {
  try {
    return registry.get(resource, undefined, name);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}
