import { postgresqlResource } from '@pgherd/api';
import {
  configMaps,
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
];

/** One object that should exist: its kind and the fields that pgherd wants, no others. */
export interface Desired {
  kind: Kind;
  object: KubeObject;
}

/** Key of an object in `Observed.objects`. */
export function objectKey(kind: Kind, namespace: string, name: string): string {
  return `${kind.plural}/${namespace}/${name}`;
}

/** How people call an object, e.g. `statefulset acid-demo`. */
export function describe(kind: Kind, name: string): string {
  return `${kind.kind.toLowerCase()} ${name}`;
}
