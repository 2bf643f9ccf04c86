import type * as kinds from './kinds.ts';
import type { KubeObject, Resource } from './object.ts';

/**
 * What a client must know of a kind: its URL (group, version, plural), its kind, and whether it lives in namespaces.
 * `T` is the type of its objects, so that `client.get(pods, …)` is a `Pod`.
 */
export interface ResourceType<T extends KubeObject = KubeObject> extends Resource {
  kind: string;
  namespaced: boolean;
  /** Carries the type of the objects; never set. */
  readonly objectType?: T;
}

/** `apiVersion` as an object carries it: `v1`, `apps/v1`. */
export const apiVersionOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

/** Group resource for messages, as kubectl writes it: `pods`, `statefulsets.apps`. */
export const resourceName = (resource: Pick<Resource, 'group' | 'plural'>): string =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;

const namespaced = <T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
): ResourceType<T> => Object.freeze({ group, version, plural, kind, namespaced: true });

const clusterWide = <T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
): ResourceType<T> => Object.freeze({ group, version, plural, kind, namespaced: false });

export const configMaps = namespaced<kinds.ConfigMap>('', 'v1', 'configmaps', 'ConfigMap');
export const endpoints = namespaced<kinds.Endpoints>('', 'v1', 'endpoints', 'Endpoints');
export const events = namespaced<kinds.Event>('', 'v1', 'events', 'Event');
export const namespaces = clusterWide<kinds.Namespace>('', 'v1', 'namespaces', 'Namespace');
export const nodes = clusterWide<kinds.Node>('', 'v1', 'nodes', 'Node');
export const persistentVolumes = clusterWide<kinds.PersistentVolume>(
  '',
  'v1',
  'persistentvolumes',
  'PersistentVolume',
);
export const persistentVolumeClaims = namespaced<kinds.PersistentVolumeClaim>(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
);
export const pods = namespaced<kinds.Pod>('', 'v1', 'pods', 'Pod');
export const secrets = namespaced<kinds.Secret>('', 'v1', 'secrets', 'Secret');
export const services = namespaced<kinds.Service>('', 'v1', 'services', 'Service');
export const serviceAccounts = namespaced<kinds.ServiceAccount>(
  '',
  'v1',
  'serviceaccounts',
  'ServiceAccount',
);
export const deployments = namespaced<kinds.Deployment>('apps', 'v1', 'deployments', 'Deployment');
export const replicaSets = namespaced<kinds.ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const statefulSets = namespaced<kinds.StatefulSet>('apps', 'v1', 'statefulsets', 'StatefulSet');
export const controllerRevisions = namespaced<kinds.ControllerRevision>(
  'apps',
  'v1',
  'controllerrevisions',
  'ControllerRevision',
);
export const daemonSets = namespaced<kinds.DaemonSet>('apps', 'v1', 'daemonsets', 'DaemonSet');
export const cronJobs = namespaced<kinds.CronJob>('batch', 'v1', 'cronjobs', 'CronJob');
export const jobs = namespaced<kinds.Job>('batch', 'v1', 'jobs', 'Job');
export const leases = namespaced<kinds.Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const endpointSlices = namespaced<kinds.EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'endpointslices',
  'EndpointSlice',
);
export const podDisruptionBudgets = namespaced<kinds.PodDisruptionBudget>(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const clusterRoles = clusterWide<kinds.ClusterRole>(
  'rbac.authorization.k8s.io',
  'v1',
  'clusterroles',
  'ClusterRole',
);
export const clusterRoleBindings = clusterWide<kinds.ClusterRoleBinding>(
  'rbac.authorization.k8s.io',
  'v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
);
export const roles = namespaced<kinds.Role>('rbac.authorization.k8s.io', 'v1', 'roles', 'Role');
export const roleBindings = namespaced<kinds.RoleBinding>(
  'rbac.authorization.k8s.io',
  'v1',
  'rolebindings',
  'RoleBinding',
);
export const priorityClasses = clusterWide<kinds.PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'priorityclasses',
  'PriorityClass',
);
export const storageClasses = clusterWide<kinds.StorageClass>(
  'storage.k8s.io',
  'v1',
  'storageclasses',
  'StorageClass',
);
export const customResourceDefinitions = clusterWide<kinds.CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
);
export const tokenReviews = clusterWide<kinds.TokenReview>(
  'authentication.k8s.io',
  'v1',
  'tokenreviews',
  'TokenReview',
);
export const selfSubjectAccessReviews = clusterWide<kinds.SelfSubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'selfsubjectaccessreviews',
  'SelfSubjectAccessReview',
);
export const subjectAccessReviews = clusterWide<kinds.SubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
);
