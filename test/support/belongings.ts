import * as kube from '@pgherd/kube/objects';
import type { ResourceType } from '@pgherd/kube/objects';

/** Kinds of which something belongs to every cluster. */
export const belongingKinds: readonly ResourceType[] = [
  kube.pods,
  kube.statefulSets,
  kube.services,
  kube.endpoints,
  kube.configMaps,
  kube.secrets,
  kube.podDisruptionBudgets,
  kube.persistentVolumeClaims,
];
