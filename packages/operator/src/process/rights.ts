import type { Configuration, ConfigurationKey } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import type { RoleRef } from '@pgherd/kube/objects';
import { asksAmazon } from '../disks/amazon.ts';
import { infrastructurePlaces } from '../observe/infrastructure-roles.ts';
import type { ConfigurationOrigin } from './configuration/origin.ts';
import { asksTeamsApi } from '../people/teams-api.ts';
import { watchedNamespaces, type Namespaces } from './namespaces.ts';

/** Where a right is needed: in every watched namespace, in the operator's own, or on objects outside of namespaces. */
export type Scope = 'watched' | 'own' | 'cluster';

/** Verbs on one resource, as in a Kubernetes RBAC rule. */
export interface Right {
  group: string;
  /** Plural, with subresource: `postgresqls/status`. */
  resource: string;
  verbs: string[];
  /** Only these objects. */
  names?: string[];
  /** Whether the operator is of no use at all without it. */
  essential: boolean;
  scope: Scope;
  /** Namespace instead of the one that the scope says. */
  namespace?: string;
  /** What it is for, where that is not obvious; a comment in the printed rules. */
  why?: string;
}

/** What the operator is configured to do. */
export interface Duties {
  configuration: Configuration;
  named: ReadonlySet<ConfigurationKey>;
  /** The operator's own namespace. */
  own: string;
  origin: ConfigurationOrigin;
}

const watch = ['list', 'watch'];
/** Server-side apply is the verb patch, and create where the object does not exist. */
const apply = ['create', 'patch'];

function right(group: string, resource: string, verbs: string[], more: Partial<Right> = {}): Right {
  return { group, resource, verbs, essential: true, scope: 'watched', ...more };
}

/** Needed whatever is configured. */
const always: Right[] = [
  right('acid.zalan.do', 'postgresqls', [...watch, 'patch'], {
    why: 'The manifests. Patched: the finalizer, and one annotation with what was set in Patroni.',
  }),
  right('acid.zalan.do', 'postgresqls/status', ['patch']),
  right('apps', 'statefulsets', [...watch, ...apply, 'delete'], {
    why: 'What a cluster consists of. Server-side apply is the verb patch, and create where there is no object.',
  }),
  right('apps', 'deployments', [...watch, ...apply, 'delete']),
  right('batch', 'cronjobs', [...watch, ...apply, 'delete']),
  right('', 'pods', [...watch, 'patch', 'delete']),
  right('', 'pods/exec', ['get', 'create'], {
    essential: false,
    why: "To see how full the volumes are (df), and to give the superuser the password of its Secret when PostgreSQL knows another one: only in the primary's pod, only psql. To pause poolers while the primary changes: only in their pods, only the command `pooler`.",
  }),
  right('', 'services', [...watch, ...apply, 'delete']),
  right('', 'endpoints', [...watch, 'create', 'patch', 'delete'], {
    why: 'Patroni makes these; the operator reads them, gives them inherited annotations and owners, and removes them. Created: when the state of a stopped cluster moves to the other store.',
  }),
  right('', 'configmaps', [...watch, 'create', 'patch', 'delete']),
  ...['pods', 'endpoints', 'configmaps'].map((resource, index) =>
    right('', resource, ['get'], {
      essential: false,
      ...(index === 0
        ? {
            why: 'enable_fast_failover: whether a primary is dead, and whom the leader lock names, is never told from a cache.',
          }
        : {}),
    }),
  ),
  right('', 'secrets', [...watch, ...apply, 'delete']),
  right('', 'persistentvolumeclaims', [...watch, 'patch', 'delete'], {
    why: 'Patched: the size, when a volume is to grow, and inherited annotations.',
  }),
  right('', 'serviceaccounts', [...watch, ...apply]),
  right('acid.zalan.do', 'postgresteams', watch, {
    essential: false,
    why: 'enable_postgres_team_crd: members and teams that are added to teams.',
  }),
  right('', 'events', ['list', 'create', 'patch'], {
    essential: false,
    why: 'Its own events are written; others are read when pods are not made, to tell why.',
  }),
  right('policy', 'poddisruptionbudgets', [...watch, ...apply, 'delete']),
  right('rbac.authorization.k8s.io', 'rolebindings', [...watch, 'create']),
  right('coordination.k8s.io', 'leases', ['get', 'create', 'update'], {
    scope: 'own',
    why: 'One operator at a time: the Lease is in its own namespace.',
  }),
];

/** Everything that the operator does with this configuration, and nothing else. */
export function rightsFor(duties: Duties): Right[] {
  return [
    ...always,
    podRole(duties),
    ...ofList(duties),
    ...podEnvironment(duties),
    ...infrastructure(duties),
    ...teamsToken(duties),
    ...definitions(duties),
    ...reviews(duties),
    ...nodes(duties),
    ...disks(duties),
    ...configurationObject(duties),
  ];
}

/** To bind the pods' role without having all of its rights itself. */
function podRole({ configuration }: Duties): Right {
  const definition = configuration.pod_service_account_role_binding_definition;
  const { kind = 'ClusterRole', name = configuration.pod_service_account_name } = (definition?.['roleRef'] ??
    {}) as Partial<RoleRef>;
  return right('rbac.authorization.k8s.io', kind === 'Role' ? 'roles' : 'clusterroles', ['bind'], {
    names: [name],
    why: "To give the pods their role without having all of the role's rights itself.",
  });
}

/** A ConfigMap for all pods, where none of the other rights reach it. */
function podEnvironment({ configuration, own }: Duties): Right[] {
  const configMap = configuration.pod_environment_configmap;
  const namespaces = watchedNamespaces(configuration.watched_namespace, own);
  if (configMap?.namespace === undefined || namespaces === '*') return [];
  if (namespaces.includes(configMap.namespace)) return [];
  return [
    right('', 'configmaps', watch, {
      scope: 'own',
      namespace: configMap.namespace,
      names: [configMap.name],
      why: 'pod_environment_configmap: variables of all pods.',
    }),
  ];
}

/** Roles of all clusters, where none of the other rights reach them. */
function infrastructure({ configuration, own }: Duties): Right[] {
  const namespaces = watchedNamespaces(configuration.watched_namespace, own);
  const names = new Map<string, Set<string>>();
  for (const place of namespaces === '*' ? [] : infrastructurePlaces(configuration, own))
    for (const namespace of place.namespaces.filter((each) => !namespaces.includes(each)))
      names.set(namespace, (names.get(namespace) ?? new Set<string>()).add(place.name));
  return [...names].flatMap(([namespace, found]) =>
    ['secrets', 'configmaps'].map((resource) =>
      right('', resource, watch, {
        scope: 'own',
        ...(namespace === own ? {} : { namespace }),
        names: [...found].sort(),
        essential: false,
        why: 'infrastructure_roles_secret_name, infrastructure_roles_secrets: roles of all clusters.',
      }),
    ),
  );
}

/** The token for the Teams API, where none of the other rights reach it. */
function teamsToken({ configuration, own }: Duties): Right[] {
  const secret = asksTeamsApi(configuration) ? configuration.oauth_token_secret_name : undefined;
  if (secret === undefined) return [];
  const { name, namespace = own } = secret;
  const namespaces = watchedNamespaces(configuration.watched_namespace, own);
  if (namespaces === '*' || namespaces.includes(namespace)) return [];
  return [
    right('', 'secrets', watch, {
      scope: 'own',
      ...(namespace === own ? {} : { namespace }),
      names: [name],
      essential: false,
      why: 'oauth_token_secret_name: the token for the Teams API.',
    }),
  ];
}

function ofList({ configuration, own }: Duties): Right[] {
  if (watchedNamespaces(configuration.watched_namespace, own) === '*') return [];
  return [
    right('', 'namespaces', ['get'], {
      essential: false,
      why: 'To tell of a watched namespace that is not there.',
    }),
  ];
}

/** The CustomResourceDefinitions that the operator brings up to date at its start. */
export const registeredDefinitions = [
  'postgresqls.acid.zalan.do',
  'operatorconfigurations.acid.zalan.do',
  'postgresteams.acid.zalan.do',
] as const;

/**
 * Whether the operator looks after its CustomResourceDefinitions. They are outside of namespaces: an operator of some
 * namespaces only does so when it is told to, and otherwise needs no right outside of them.
 */
export function registersDefinitions({ configuration, named, own }: Omit<Duties, 'origin'>): boolean {
  if (named.has('enable_crd_registration')) return configuration.enable_crd_registration;
  return (
    configuration.enable_crd_registration && watchedNamespaces(configuration.watched_namespace, own) === '*'
  );
}

function definitions(duties: Duties): Right[] {
  if (!registersDefinitions(duties)) return [];
  const [group, resource] = ['apiextensions.k8s.io', 'customresourcedefinitions'];
  const more = { scope: 'cluster', essential: false } as const;
  return [
    right(group, resource, ['get', 'patch'], {
      ...more,
      names: [...registeredDefinitions],
      why: 'enable_crd_registration: the definitions are brought up to date when the operator starts.',
    }),
    right(group, resource, ['create'], more),
  ];
}

/**
 * To ask who sends a token to the HTTP API. Reviews are outside of namespaces: an operator of some namespaces answers
 * loopback only, unless somebody binds its account to `system:auth-delegator`.
 */
function reviews({ configuration, own }: Duties): Right[] {
  if (watchedNamespaces(configuration.watched_namespace, own) !== '*') return [];
  const more = { scope: 'cluster', essential: false } as const;
  return [
    right('authentication.k8s.io', 'tokenreviews', ['create'], {
      ...more,
      why: 'To ask who sends a token to the HTTP API, and what he may read there.',
    }),
    right('authorization.k8s.io', 'subjectaccessreviews', ['create'], more),
  ];
}

/**
 * Nodes are outside of namespaces: an operator of some namespaces sees them only when its account is given the right, and
 * otherwise moves nobody away from a node that is drained.
 */
function nodes({ configuration, own }: Duties): Right[] {
  if (watchedNamespaces(configuration.watched_namespace, own) !== '*') return [];
  const more = { scope: 'cluster', essential: false } as const;
  return [
    right('', 'nodes', watch, {
      ...more,
      why: 'To move primaries away from nodes that are drained, to nodes that stay.',
    }),
    right('', 'persistentvolumes', watch, {
      ...more,
      why: 'On which nodes a volume can be used: no pod is replaced that could not run anywhere else.',
    }),
  ];
}

/** Volumes are outside of namespaces: which disks are below them, and in the mode `ebs` how large they are. */
function disks({ configuration, own }: Duties): Right[] {
  if (!asksAmazon(configuration)) return [];
  const more = { scope: 'cluster', essential: false } as const;
  const isEverywhere = watchedNamespaces(configuration.watched_namespace, own) === '*';
  return [
    ...(isEverywhere
      ? []
      : [
          right('', 'persistentvolumes', watch, {
            ...more,
            why: "storage_resize_mode: which of Amazon's disks is below a volume.",
          }),
        ]),
    ...(configuration.storage_resize_mode === 'ebs'
      ? [
          right('', 'persistentvolumes', ['patch'], {
            ...more,
            why: 'storage_resize_mode: the size of a volume whose disk and file system have grown.',
          }),
        ]
      : []),
  ];
}

/** The object that the configuration is read from, and the events that tell what is wrong with it. */
function configurationObject({ configuration, own, origin }: Duties): Right[] {
  if (origin.type !== 'ConfigMap' && origin.type !== 'OperatorConfiguration') return [];
  const { namespace } = origin;
  const where: Partial<Right> = { scope: 'own', names: [origin.name], namespace };
  const namespaces = watchedNamespaces(configuration.watched_namespace, own);
  const isWatched = namespaces === '*' || namespaces.includes(namespace);
  const events = isWatched
    ? []
    : [right('', 'events', ['create', 'patch'], { scope: 'own', namespace, essential: false })];
  if (origin.type === 'ConfigMap')
    return [right('', 'configmaps', watch, { ...where, why: 'Its configuration.' }), ...events];
  return [
    right('acid.zalan.do', 'operatorconfigurations', watch, { ...where, why: 'Its configuration.' }),
    right('acid.zalan.do', 'operatorconfigurations/status', ['patch'], { ...where, essential: false }),
    ...events,
  ];
}

/** Verbs on one resource in one place that the operator was refused. */
export interface MissingRight {
  /** e.g. `create, patch statefulsets.apps in namespace a`. */
  what: string;
  essential: boolean;
}

/** One right in one place. */
interface Claim extends Right {
  /** Namespace; undefined: in all, or outside of them. */
  where: string | undefined;
  name: string | undefined;
}

/** The rights out of the given ones that the operator does not have, in the given namespaces for `watched` ones. */
export async function missingRights(
  client: Pick<Client, 'canI'>,
  rights: readonly Right[],
  namespaces: { watched: Namespaces; own: string },
): Promise<MissingRight[]> {
  const claims = rights.flatMap((each) =>
    (each.names ?? [undefined]).flatMap((name) =>
      placesOf(each, namespaces).map((where): Claim => ({ ...each, name, where })),
    ),
  );
  const answers = await Promise.all(
    claims.map(async (claim) => {
      const allowed = await Promise.all(claim.verbs.map((verb) => isAllowed(client, claim, verb)));
      const verbs = claim.verbs.filter((_, index) => !allowed[index]);
      return verbs.length === 0 ? [] : [{ what: describe({ ...claim, verbs }), essential: claim.essential }];
    }),
  );
  return answers.flat();
}

function placesOf({ scope, namespace }: Right, { watched, own }: { watched: Namespaces; own: string }) {
  if (namespace !== undefined) return [namespace];
  if (scope === 'own') return [own];
  return scope === 'cluster' || watched === '*' ? [undefined] : watched;
}

async function isAllowed(
  client: Pick<Client, 'canI'>,
  { group, resource, name, where }: Claim,
  verb: string,
): Promise<boolean> {
  const [plural = '', subresource] = resource.split('/');
  const { allowed } = await client.canI({
    verb,
    group,
    resource: plural,
    ...(subresource === undefined ? {} : { subresource }),
    // The API server names a namespace in requests for it as if it were in itself.
    ...(plural === 'namespaces' && where !== undefined ? { name: where } : {}),
    ...(name === undefined ? {} : { name }),
    ...(where === undefined ? {} : { namespace: where }),
  });
  return allowed;
}

function describe({ verbs, group, resource, name, where }: Claim): string {
  const qualified = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
  const what = `${verbs.join(', ')} ${qualified}`;
  return where === undefined ? what : `${what} in namespace ${where}`;
}
