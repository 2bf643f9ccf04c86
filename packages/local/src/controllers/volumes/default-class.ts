import { storageClasses } from '@pgherd/kube/objects';
import { Objects } from '../objects.ts';
import { PROVISIONER } from './claim-controller.ts';

/**
 * Makes the StorageClass `standard` unless the cluster has it. Volumes are bound at once: there is one node, so that
 * waiting for a pod could not change where a volume is made. Growing a volume is not acted on, so it is not allowed.
 */
export function ensureDefaultStorageClass(objects: Objects): void {
  if (objects.get(storageClasses, undefined, 'standard')) return;
  objects.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: PROVISIONER,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: false,
  });
}
