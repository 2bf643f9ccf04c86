import { storageClasses } from '@pgherd/kube/objects';
import type { StorageClass } from '@pgherd/kube/objects';
import { SIZE_LIMIT, type SizeLimits } from '../../volumes/size-limits.ts';
import type { Registry } from '../../registry/registry.ts';
import { Objects, withMetadata } from '../objects.ts';
import { PROVISIONER, SIZED_CLASS_PARAMETER } from './provisioner.ts';

const STANDARD = 'standard';
const SIZED = 'sized';
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/**
 * Makes the classes `standard` (the default: directories, which share the machine's disk) and `sized`, unless the cluster
 * has them, and says with an annotation whether sizes are limits. As long as there is one node volumes are bound at once:
 * waiting for a pod could not change where a volume is made.
 */
export function ensureStorageClasses(objects: Objects, limits: SizeLimits): void {
  const sized = limits.enforced ? 'enforced: XFS in a loop file' : `not enforced: ${limits.why}`;
  ensure(objects, STANDARD, 'not enforced: a directory on the machine’s disk', { [DEFAULT_CLASS]: 'true' });
  ensure(objects, SIZED, sized, {}, { [SIZED_CLASS_PARAMETER]: 'enforced' });
}

/**
 * With several nodes the scheduler says where a volume is made: classes of the engine that are still as it made them wait for
 * the first pod from now on. The mode of a class cannot be changed, so that it is made anew; volumes that exist stay.
 */
export function bindVolumesLate(registry: Registry): void {
  const objects = new Objects(registry);
  for (const name of [STANDARD, SIZED]) {
    const present = objects.get(storageClasses, undefined, name);
    if (present?.provisioner !== PROVISIONER || present.volumeBindingMode !== 'Immediate') continue;
    objects.delete(storageClasses, present);
    const { labels = {}, annotations = {} } = present.metadata;
    const metadata = { name, labels, annotations };
    objects.create(storageClasses, { ...present, metadata, volumeBindingMode: 'WaitForFirstConsumer' });
  }
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
