import type { Client } from '@pgherd/kube/client';

/** Verbs on one resource, as in a Kubernetes RBAC rule. */
export interface Right {
  group: string;
  /** Plural, with subresource: `postgresqls/status`. */
  resource: string;
  verbs: string[];
  /** Only this object. */
  name?: string;
  /** Whether the operator is of no use at all without it. */
  essential: boolean;
  /** Only in the operator's own namespace. */
  own?: boolean;
}

const watch = ['list', 'watch'];
/** Server-side apply is the verb patch, and create where the object does not exist. */
const apply = ['create', 'patch'];

function right(group: string, resource: string, verbs: string[], essential = true): Right {
  return { group, resource, verbs, essential };
}

/** Everything that the operator does, and nothing else; `manifests/operator-service-account-rbac.yaml` grants it. */
export const rights: Right[] = [
  right('acid.zalan.do', 'postgresqls', [...watch, 'patch']),
  right('acid.zalan.do', 'postgresqls/status', ['patch']),
  right('apps', 'statefulsets', [...watch, ...apply, 'delete']),
  right('apps', 'deployments', [...watch, ...apply, 'delete']),
  right('batch', 'cronjobs', [...watch, ...apply, 'delete']),
  right('', 'pods', [...watch, 'patch', 'delete']),
  right('', 'services', [...watch, ...apply, 'delete']),
  right('', 'endpoints', [...watch, 'patch', 'delete']),
  right('', 'configmaps', [...watch, 'patch', 'delete']),
  right('', 'secrets', [...watch, ...apply, 'delete']),
  right('', 'persistentvolumeclaims', [...watch, 'delete']),
  right('', 'serviceaccounts', [...watch, ...apply]),
  right('', 'events', ['create', 'patch'], false),
  right('policy', 'poddisruptionbudgets', [...watch, ...apply, 'delete']),
  right('rbac.authorization.k8s.io', 'rolebindings', [...watch, 'create']),
  // To bind the pods' ClusterRole without having all of its rights itself.
  { ...right('rbac.authorization.k8s.io', 'clusterroles', ['bind']), name: 'postgres-pod' },
  { ...right('coordination.k8s.io', 'leases', ['get', 'create', 'update']), own: true },
];

/** A verb that the operator was refused. */
export interface MissingRight {
  /** e.g. `patch statefulsets.apps`. */
  what: string;
  essential: boolean;
}

/** Asks the API server about every right, and returns those that are missing. */
export async function missingRights(
  client: Pick<Client, 'canI'>,
  namespaces: { watched: string | undefined; own: string },
): Promise<MissingRight[]> {
  const questions = rights.flatMap((each) => each.verbs.map((verb) => ({ ...each, verb })));
  const answers = await Promise.all(
    questions.map(async ({ group, resource, verb, name, essential, own }) => {
      const [plural = '', subresource] = resource.split('/');
      const namespace = own === true ? namespaces.own : namespaces.watched;
      const isClusterWide = plural === 'clusterroles';
      const { allowed } = await client.canI({
        verb,
        group,
        resource: plural,
        ...(subresource === undefined ? {} : { subresource }),
        ...(name === undefined ? {} : { name }),
        ...(namespace === undefined || isClusterWide ? {} : { namespace }),
      });
      const what = `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
      return allowed ? [] : [{ what, essential }];
    }),
  );
  return answers.flat();
}
