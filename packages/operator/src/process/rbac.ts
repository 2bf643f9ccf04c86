import {
  apiVersionOf,
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  serviceAccounts,
  type KubeObject,
  type ResourceType,
} from '@pgherd/kube/objects';
import { watchedNamespaces } from './namespaces.ts';
import { rightsFor, type Duties, type Right } from './rights.ts';

/** A rule of a Role or ClusterRole, with what it is for. */
interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** One object that gives the operator or the database pods their rights. */
export interface RbacObject {
  /** What it is for. */
  comment?: string;
  object: KubeObject & { rules?: Rule[] };
  /** What each of the object's rules is for. */
  ruleComments: (string | undefined)[];
}

/**
 * The operator's service account, exactly the rights that it uses with this configuration, and the role of the database
 * pods. Where it watches some namespaces only, all of its rights are in these and in its own.
 *
 * The pods' role is a ClusterRole nevertheless: it grants nothing until it is bound, and it is bound in the namespaces of
 * clusters only. It is made by whoever installs the operator, as the CustomResourceDefinitions are.
 */
export function rbacObjects(duties: Duties, account: string): RbacObject[] {
  const rights = rightsFor(duties);
  const watched = watchedNamespaces(duties.configuration.watched_namespace, duties.own);
  const everywhere = rights.filter(
    ({ scope }) => scope === 'cluster' || (scope === 'watched' && watched === '*'),
  );
  const byNamespace = new Map<string, Right[]>();
  const add = (namespace: string, right: Right) =>
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), right]);
  for (const right of rights) {
    if (right.scope === 'own') add(right.namespace ?? duties.own, right);
    else if (right.scope === 'watched' && watched !== '*')
      for (const namespace of watched) add(namespace, right);
  }
  return [
    {
      comment:
        "The operator's account, with exactly the rights that it uses. It asks at start which of them it lacks.",
      object: of(serviceAccounts, { name: account, namespace: duties.own }, {}),
      ruleComments: [],
    },
    ...(everywhere.length === 0 ? [] : granted(duties, account, everywhere, undefined)),
    ...[...byNamespace].flatMap(([namespace, some]) => granted(duties, account, some, namespace)),
    podRole(duties.configuration.pod_service_account_name),
  ];
}

/** A role and its binding; without a namespace for the whole cluster. */
function granted(
  duties: Duties,
  account: string,
  rights: Right[],
  namespace: string | undefined,
): RbacObject[] {
  const [roleType, bindingType] =
    namespace === undefined ? [clusterRoles, clusterRoleBindings] : [roles, roleBindings];
  const metadata = { name: account, ...(namespace === undefined ? {} : { namespace }) };
  const subject = { kind: 'ServiceAccount', name: account, namespace: duties.own };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: roleType.kind, name: account };
  return [
    {
      object: of(roleType, metadata, { rules: rights.map(ruleOf) }),
      ruleComments: rights.map(({ why }) => why),
    },
    { object: of(bindingType, metadata, { roleRef, subjects: [subject] }), ruleComments: [] },
  ];
}

function ruleOf({ group, resource, verbs, names }: Right): Rule {
  return {
    apiGroups: [group],
    resources: [resource],
    ...(names === undefined ? {} : { resourceNames: names }),
    verbs,
  };
}

function podRole(name: string): RbacObject {
  const rules: Rule[] = [
    {
      apiGroups: [''],
      resources: ['configmaps', 'endpoints'],
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'patch', 'update', 'watch'] },
    { apiGroups: [''], resources: ['services'], verbs: ['create'] },
  ];
  return {
    comment:
      'What Patroni does in the database pods; the operator binds it in every namespace that has a cluster.',
    object: of(clusterRoles, { name }, { rules }),
    ruleComments: [
      undefined,
      undefined,
      "The headless Service that keeps Patroni's configuration Endpoints.",
    ],
  };
}

function of(
  type: ResourceType,
  metadata: { name: string; namespace?: string },
  rest: object,
): RbacObject['object'] {
  return { apiVersion: apiVersionOf(type), kind: type.kind, metadata, ...rest };
}
