import { persistentVolumeClaims, persistentVolumes, storageClasses } from '@pgherd/kube/objects';
import type { PersistentVolume } from '@pgherd/kube/objects';
import type { Objects } from '../controllers/objects.ts';
import { BOUND_BY_CONTROLLER, referenceTo } from '../controllers/volumes/claim-controller.ts';
import { SELECTED_NODE, volumesOn, type PodClaims, type Storage } from './volumes.ts';

/** The claims of a namespace and all volumes, as they are now. */
export function storageOf(objects: Objects, namespace: string | undefined): Storage {
  let volumes: PersistentVolume[] | undefined;
  return {
    claim: (name) => objects.get(persistentVolumeClaims, namespace, name),
    volume: (name) => objects.get(persistentVolumes, undefined, name),
    storageClass: (name) => objects.get(storageClasses, undefined, name),
    volumes: () => (volumes ??= objects.list(persistentVolumes)),
  };
}

/** Reserves the volumes that are there, and has the others made on the node. The claims are bound by their controller. */
export function prepareVolumes(
  objects: Objects,
  { waiting }: PodClaims,
  chosen: Exclude<ReturnType<typeof volumesOn>, string>,
  nodeName: string,
): void {
  for (const { claim } of waiting) {
    const volume = chosen.get(claim);
    if (volume !== undefined) {
      if (volume.spec?.claimRef?.uid === claim.metadata.uid) continue;
      const annotations = { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' };
      objects.update(persistentVolumes, {
        ...volume,
        metadata: { ...volume.metadata, annotations },
        spec: { ...volume.spec, claimRef: referenceTo(claim) },
      });
    } else if (claim.metadata.annotations?.[SELECTED_NODE] !== nodeName) {
      const annotations = { ...claim.metadata.annotations, [SELECTED_NODE]: nodeName };
      objects.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
    }
  }
}
