import type { KubeObject, PersistentVolume, PersistentVolumeClaim } from '@pgherd/kube/objects';
import { volumeIdOf } from '../amazon/volume-id.ts';
import { kinds } from '../kinds.ts';
import type { Observed } from './observed.ts';
import type { ObjectSource } from './source.ts';

/** The volume that a claim is bound to. */
export interface BackingVolume {
  name: string;
  uid: string;
  resourceVersion: string;
  /** How large it is said to be; undefined when it does not say. */
  capacity: string | undefined;
  /** Amazon's id of its disk; undefined when it is none of Amazon's. */
  disk: string | undefined;
}

/** The volumes of a cluster's claims, by claim; nothing when nobody may look, or they have not been listed yet. */
export function observeVolumes(
  source: ObjectSource,
  objects: ReadonlyMap<string, KubeObject>,
): Pick<Observed, 'volumes' | 'areVolumesHidden'> {
  const found = new Map<string, BackingVolume>();
  if (source.volume === undefined) return {};
  for (const [key, object] of objects) {
    const { metadata, spec } = object as PersistentVolumeClaim;
    const bound = spec?.volumeName;
    if (!key.startsWith(`${kinds.claim.plural}/`) || bound === undefined) continue;
    const volume = source.volume(bound);
    if (volume === 'unknown') return {};
    if (volume === 'hidden') return { areVolumesHidden: true };
    if (volume !== undefined) found.set(metadata.name ?? '', backingVolume(volume));
  }
  return { volumes: found };
}

function backingVolume(volume: PersistentVolume): BackingVolume {
  const { name = '', uid = '', resourceVersion = '' } = volume.metadata;
  const capacity = volume.spec?.capacity?.['storage'];
  return { name, uid, resourceVersion, capacity, disk: volumeIdOf(volume) };
}
