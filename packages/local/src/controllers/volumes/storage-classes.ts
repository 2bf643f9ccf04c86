import { storageClasses } from '@pgherd/kube/objects';
import type { StorageClass } from '@pgherd/kube/objects';
import { SIZE_LIMIT, type SizeLimits } from '../../volumes/size-limits.ts';
import { Objects, withMetadata } from '../objects.ts';
import { PROVISIONER, SIZED_CLASS_PARAMETER } from './provisioner.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/**
 * Makes the classes `standard` (the default: directories, which share the machine's disk) and `sized`, unless the cluster
 * has them, and says with an annotation whether sizes are limits. Volumes are bound at once: there is one node, so that
 * waiting for a pod could not change where a volume is made.
 */
export function ensureStorageClasses(objects: Objects, limits: SizeLimits): void {
  const sized = limits.enforced ? 'enforced: XFS in a loop file' : `not enforced: ${limits.why}`;
  ensure(objects, 'standard', 'not enforced: a directory on the machine’s disk', { [DEFAULT_CLASS]: 'true' });
  ensure(objects, 'sized', sized, {}, { [SIZED_CLASS_PARAMETER]: 'enforced' });
}

function ensure(
  objects: Objects,
  name: string,
  limit: string,
  annotations: Record<string, string>,
  parameters?: Record<string, string>,
): void {
  const present = objects.get(storageClasses, undefined, name);
  if (present === undefined) {
    objects.create(storageClasses, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, annotations: { ...annotations, [SIZE_LIMIT]: limit } },
      provisioner: PROVISIONER,
      ...(parameters === undefined ? {} : { parameters }),
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
      allowVolumeExpansion: true,
    });
    return;
  }
  const before = present.metadata.annotations?.[SIZE_LIMIT];
  if (present.provisioner !== PROVISIONER || before === limit) return;
  const next: StorageClass = withMetadata(present, {
    annotations: { ...present.metadata.annotations, [SIZE_LIMIT]: limit },
  });
  // Without the annotation it is from a version in which no volume could grow; later it is its owner's decision.
  objects.update(storageClasses, before === undefined ? { ...next, allowVolumeExpansion: true } : next);
}
