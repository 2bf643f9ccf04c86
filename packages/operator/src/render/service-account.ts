import { apiVersionOf } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { identityOf, type RenderInput } from './input.ts';

/**
 * Service account of the database pods and its binding to the ClusterRole of the same name. One per namespace and
 * shared by the clusters in it, therefore without labels of a cluster, and never deleted with one.
 */
export function renderServiceAccount(input: RenderInput): Desired[] {
  const { configuration, manifest } = input;
  const { namespace } = identityOf(manifest);
  const name = configuration.pod_service_account_name;
  return [
    {
      kind: kinds.serviceAccount,
      object: {
        apiVersion: apiVersionOf(kinds.serviceAccount),
        kind: kinds.serviceAccount.kind,
        metadata: { name, namespace },
      },
    },
    {
      kind: kinds.roleBinding,
      object: {
        apiVersion: apiVersionOf(kinds.roleBinding),
        kind: kinds.roleBinding.kind,
        metadata: { name, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    },
  ];
}
