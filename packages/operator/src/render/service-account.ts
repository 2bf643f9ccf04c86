import { apiVersionOf, type KubeObject } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { identityOf, type RenderInput } from './input.ts';

/** Annotation with Amazon's role that a service account stands for. */
const amazonRole = 'eks.amazonaws.com/role-arn';

/**
 * Service account of the database pods and its binding to a ClusterRole. One per namespace and shared by the clusters in
 * it, therefore without labels of a cluster and never deleted with one. Whoever has made them already has the say; only
 * Amazon's role is kept up to date.
 */
export function renderServiceAccount(input: RenderInput): Desired[] {
  const { configuration } = input;
  const role = configuration.irsa_role_arn;
  return [
    {
      kind: kinds.serviceAccount,
      object: account(input),
      care: 'once',
      kept: {
        apiVersion: apiVersionOf(kinds.serviceAccount),
        kind: kinds.serviceAccount.kind,
        metadata: { ...place(input), ...(role === '' ? {} : { annotations: { [amazonRole]: role } }) },
      },
    },
    { kind: kinds.roleBinding, object: binding(input), care: 'once' },
  ];
}

function account(input: RenderInput): KubeObject {
  const definition = input.configuration.pod_service_account_definition ?? {
    apiVersion: apiVersionOf(kinds.serviceAccount),
    kind: kinds.serviceAccount.kind,
  };
  return { ...definition, metadata: { ...definition.metadata, ...place(input) } };
}

function binding(input: RenderInput): KubeObject {
  const { name, namespace } = place(input);
  const definition = input.configuration.pod_service_account_role_binding_definition ?? {
    apiVersion: apiVersionOf(kinds.roleBinding),
    kind: kinds.roleBinding.kind,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  };
  const subjects = (definition['subjects'] ?? []) as Record<string, unknown>[];
  return {
    ...definition,
    metadata: { ...definition.metadata, name, namespace },
    // Every namespace has its own account; in a definition for all of them none can be named.
    subjects: subjects.map((subject) =>
      subject['kind'] === 'ServiceAccount' ? { namespace, ...subject } : subject,
    ),
  };
}

function place({ configuration, manifest }: RenderInput): { name: string; namespace: string } {
  return { name: configuration.pod_service_account_name, namespace: identityOf(manifest).namespace };
}
