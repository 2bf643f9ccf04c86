import { postgresqlResource } from '@pgherd/api';
import {
  configMaps,
  cronJobs,
  deployments,
  endpoints,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  roleBindings,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  type KubeObject,
  type ResourceType,
} from '@pgherd/kube/objects';
import type { SecretChange } from './secrets/role-secret.ts';

/** Where a kind is served, and what its objects call themselves. */
export type Kind = ResourceType;

/** The manifest's own kind. */
export const postgresqls: ResourceType = {
  group: postgresqlResource.group,
  version: postgresqlResource.version,
  plural: postgresqlResource.plural,
  kind: postgresqlResource.kind,
  namespaced: true,
};

/** Every kind that a cluster consists of, by a name of ours; the operator watches each of them. */
export const kinds = {
  pod: pods as Kind,
  service: services as Kind,
  endpoints: endpoints as Kind,
  configMap: configMaps as Kind,
  secret: secrets as Kind,
  claim: persistentVolumeClaims as Kind,
  serviceAccount: serviceAccounts as Kind,
  roleBinding: roleBindings as Kind,
  statefulSet: statefulSets as Kind,
  podDisruptionBudget: podDisruptionBudgets as Kind,
  deployment: deployments as Kind,
  cronJob: cronJobs as Kind,
};

/** Kinds whose objects carry the cluster's labels and are found by them. */
export const labelledKinds: readonly Kind[] = [
  kinds.statefulSet,
  kinds.pod,
  kinds.service,
  kinds.endpoints,
  kinds.configMap,
  kinds.secret,
  kinds.claim,
  kinds.podDisruptionBudget,
  kinds.deployment,
  kinds.cronJob,
];

/** One object that should exist: its kind and the fields that pgherd wants, no others. */
export interface Desired {
  kind: Kind;
  object: KubeObject;
  /**
   * How far it is pgherd's. Absent: it is made, and kept as it is here.
   * - `once`: it is made when it is missing, and left alone from then on, but for the fields in `kept`.
   * - `labelled`: it is made when it is missing; if somebody else made it, it gets our metadata and keeps the rest.
   * - `merged`: somebody else makes it; these fields are merged in as soon as it is there.
   */
  care?: 'once' | 'labelled' | 'merged';
  /** What stays up to date of an object that is made once. */
  kept?: KubeObject;
  /** What there must be first, in words: until then it is neither made nor changed. */
  waitFor?: string;
  /** What changes in a Secret whose contents are somebody's, once it exists. */
  change?: SecretChange;
  /** The cluster that it is for, where another cluster's may have the same name: that is never touched. */
  owner?: Owner;
}

/** Which cluster an object is for. */
export interface Owner {
  cluster: string;
  namespace: string;
  /** Label with the name of the cluster, `cluster_name_label`. */
  label: string;
}

/** Key of an object in `Observed.objects`. */
export function objectKey(kind: Kind, namespace: string, name: string): string {
  return `${kind.plural}/${namespace}/${name}`;
}

/** How people call an object, e.g. `statefulset acid-demo`. */
export function describe(kind: Kind, name: string): string {
  return `${kind.kind.toLowerCase()} ${name}`;
}
