import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@pgherd/kube/objects';
import { findVolume } from '../controllers/volumes/matching.ts';
import { matchesTerms } from './node-affinity.ts';

/** The provisioner of classes whose volumes somebody makes by hand. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/** Tells the provisioner of a `WaitForFirstConsumer` class where the pod will run. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** What is known of the storage when a place is chosen. */
export interface Storage {
  claim(name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
  volumes(): readonly PersistentVolume[];
}

/** The claims of one pod. */
export interface PodClaims {
  /** Volumes of bound claims: they say which nodes they can be reached from. */
  bound: PersistentVolume[];
  /** Claims that get their volume when the pod's node is chosen. */
  waiting: { claim: PersistentVolumeClaim; storageClass: StorageClass }[];
}

/** The claims of a pod, or why it can run nowhere, in the scheduler's words. */
export function claimsOf(names: readonly string[], storage: Storage): PodClaims | string {
  const result: PodClaims = { bound: [], waiting: [] };
  for (const name of names) {
    const claim = storage.claim(name);
    if (claim === undefined) return `persistentvolumeclaim "${name}" not found`;
    if (claim.metadata.deletionTimestamp !== undefined) {
      return `persistentvolumeclaim "${name}" is being deleted`;
    }
    const volumeName = claim.spec?.volumeName ?? '';
    const lost = `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volumeName}"`;
    if (claim.status?.phase === 'Lost') return lost;
    if (claim.status?.phase === 'Bound') {
      const volume = storage.volume(volumeName);
      if (volume === undefined) return lost;
      result.bound.push(volume);
      continue;
    }
    const storageClass = storage.storageClass(claim.spec?.storageClassName ?? '');
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') {
      return 'pod has unbound immediate PersistentVolumeClaims';
    }
    result.waiting.push({ claim, storageClass });
  }
  return result;
}

/** Why the claims keep the pod away from the node; otherwise which volumes that exist would be taken there. */
export function volumesOn(
  node: Node,
  claims: PodClaims,
  storage: Storage,
): string | Map<PersistentVolumeClaim, PersistentVolume> {
  if (claims.bound.some((volume) => !reaches(volume, node))) {
    return 'node(s) had volume node affinity conflict';
  }
  const taken = new Map<PersistentVolumeClaim, PersistentVolume>();
  for (const { claim, storageClass } of claims.waiting) {
    const free = storage
      .volumes()
      .filter((volume) => reaches(volume, node) && ![...taken.values()].includes(volume));
    const found = findVolume(claim, free);
    if (found !== undefined) taken.set(claim, found);
    else if (storageClass.provisioner === NO_PROVISIONER || !allows(storageClass, node)) {
      return "node(s) didn't find available persistent volumes to bind";
    }
  }
  return taken;
}

/** A volume without node affinity can be reached from everywhere. */
function reaches(volume: PersistentVolume, node: Node): boolean {
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms;
  return terms === undefined || matchesTerms(terms, node);
}

/** Whether the class makes volumes for this node: `allowedTopologies`. */
function allows({ allowedTopologies = [] }: StorageClass, node: Node): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.metadata.labels?.[key] ?? '')),
  );
}
