import { forbidden, invalid, notSupported } from '@pgherd/kube/schema';
import { define, type ResourceDefinition } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { labelSelectorErrors, type LabelSelectorFields } from '../validation/label-selector.ts';
import { customResourceDefinitionStrategy } from './custom-resource-definition.ts';
import { priorityClassStorage, priorityClassStrategy } from './priority-class.ts';

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const bindingStrategy: Parameters<typeof define>[0]['strategy'] = {
  nameRule: 'path',
  createOnUpdate: true,
  validateUpdate: (next, old) =>
    semanticEqual(next['roleRef'], old['roleRef'])
      ? []
      : [invalid('roleRef', next['roleRef'], 'cannot change roleRef')],
};
const roleStrategy: Parameters<typeof define>[0]['strategy'] = { nameRule: 'path', createOnUpdate: true };

/** Groups of one or a few kinds with hardly any rules of their own. */
export const otherResources: readonly ResourceDefinition[] = [
  define({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'StorageClass',
    plural: 'storageclasses',
    namespaced: false,
    shortNames: ['sc'],
    strategy: {
      validateUpdate: (next, old) =>
        ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode']
          .filter((field) => !semanticEqual(next[field] ?? {}, old[field] ?? {}))
          .map((field) => forbidden(field, `updates to ${field} are forbidden.`)),
    },
  }),
  define({
    group: 'scheduling.k8s.io',
    version: 'v1',
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    namespaced: false,
    shortNames: ['pc'],
    storage: priorityClassStorage,
    strategy: priorityClassStrategy,
  }),
  define({
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    subresources: ['status'],
    strategy: {
      generation: true,
      unconditionalUpdate: false,
      prepareCreate: (object) => {
        object['status'] = {
          disruptionsAllowed: 0,
          currentHealthy: 0,
          desiredHealthy: 0,
          expectedPods: 0,
        };
      },
      validate: (object) => {
        const spec = (object['spec'] ?? {}) as {
          minAvailable?: unknown;
          maxUnavailable?: unknown;
          selector?: LabelSelectorFields;
          unhealthyPodEvictionPolicy?: string;
        };
        const policy = spec.unhealthyPodEvictionPolicy ?? 'IfHealthyBudget';
        return [
          ...(['AlwaysAllow', 'IfHealthyBudget'].includes(policy)
            ? []
            : [notSupported('spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget'])]),
          ...(spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
            ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')]
            : []),
          ...labelSelectorErrors(spec.selector ?? {}, 'spec.selector'),
        ];
      },
    },
  }),
  define({
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    plural: 'leases',
    strategy: {
      createOnUpdate: true,
      unconditionalUpdate: false,
      validate: (object) => {
        const spec = (object['spec'] ?? {}) as { leaseDurationSeconds?: number; leaseTransitions?: number };
        const { leaseDurationSeconds: seconds = 1, leaseTransitions: transitions = 0 } = spec;
        return [
          ...(seconds > 0 ? [] : [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]),
          ...(transitions >= 0
            ? []
            : [invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]),
        ];
      },
    },
  }),
  define({
    group: 'discovery.k8s.io',
    version: 'v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    strategy: {
      generation: true,
      validateUpdate: (next, old) =>
        next['addressType'] === old['addressType']
          ? []
          : [invalid('addressType', next['addressType'], 'field is immutable')],
    },
  }),
  define({ ...rbac, kind: 'Role', plural: 'roles', strategy: roleStrategy }),
  define({ ...rbac, kind: 'RoleBinding', plural: 'rolebindings', strategy: bindingStrategy }),
  define({ ...rbac, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false, strategy: roleStrategy }),
  define({
    ...rbac,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    namespaced: false,
    strategy: bindingStrategy,
  }),
  define({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    subresources: ['status'],
    strategy: customResourceDefinitionStrategy,
  }),
];
