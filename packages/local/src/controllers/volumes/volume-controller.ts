import { persistentVolumeClaims, persistentVolumes } from '@pgherd/kube/objects';
import type { PersistentVolume, PersistentVolumeClaim } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, splitKey, withMetadata } from '../objects.ts';
import { PROVISIONED_BY, PROVISIONER } from './provisioner.ts';
import type { VolumeStore } from '../../volumes/volume-store.ts';

const PROTECTION = 'kubernetes.io/pv-protection';

/** Keeps the phase of volumes, and does with released ones what their reclaim policy says. */
export function volumeController(objects: Objects, store: VolumeStore, events: EventRecorder): Controller {
  return {
    name: 'persistentvolume',
    interests: [
      { resource: persistentVolumes, keys: ({ metadata }) => [`/${metadata.name ?? ''}`] },
      {
        resource: persistentVolumeClaims,
        keys: (claim) => volumesOf(objects, claim as PersistentVolumeClaim),
      },
    ],
    reconcile(key) {
      const volume = objects.get(persistentVolumes, undefined, splitKey(key)[1]);
      if (!volume) return done;
      const phase = phaseOf(volume, claimOf(objects, volume));
      if (volume.metadata.deletionTimestamp !== undefined) {
        // Somebody deleted the object; its data follows only once nobody has a claim to it.
        if (phase !== 'Bound') letGo(objects, volume);
        return done;
      }
      if (phase === 'Released' && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') {
        reclaim(objects, store, events, volume);
        return done;
      }
      writePhase(objects, volume, phase);
      return done;
    },
  };
}

/** What a volume is to its claim: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#phase */
export function phaseOf(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim | undefined,
): 'Available' | 'Bound' | 'Released' {
  const reference = volume.spec?.claimRef;
  // Reserved by name only: the claim may come yet.
  if (!reference?.uid) return 'Available';
  return claim && claim.metadata.uid === reference.uid ? 'Bound' : 'Released';
}

function claimOf(objects: Objects, volume: PersistentVolume): PersistentVolumeClaim | undefined {
  const { namespace, name } = volume.spec?.claimRef ?? {};
  return name === undefined ? undefined : objects.get(persistentVolumeClaims, namespace, name);
}

/** The data first, the object second: as long as the object stands, the rest is found and tried again. */
function reclaim(
  objects: Objects,
  store: VolumeStore,
  events: EventRecorder,
  volume: PersistentVolume,
): void {
  const { annotations, name = '' } = volume.metadata;
  if (annotations?.[PROVISIONED_BY] !== PROVISIONER) {
    const message = `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`;
    if (volume.status?.phase !== 'Failed') {
      events.record(volume, 'Warning', 'VolumeFailedDelete', message);
      writePhase(objects, volume, 'Failed', message);
    }
    return;
  }
  writePhase(objects, volume, 'Released');
  try {
    store.delete(name);
  } catch (error) {
    events.record(
      volume,
      'Warning',
      'VolumeFailedDelete',
      error instanceof Error ? error.message : String(error),
    );
    throw error;
  }
  objects.delete(persistentVolumes, volume);
}

function letGo(objects: Objects, volume: PersistentVolume): void {
  if (!volume.metadata.finalizers?.includes(PROTECTION)) return;
  const finalizers = volume.metadata.finalizers.filter((finalizer) => finalizer !== PROTECTION);
  objects.update(persistentVolumes, withMetadata(volume, { finalizers }));
}

function writePhase(objects: Objects, volume: PersistentVolume, phase: string, message?: string): void {
  if (volume.status?.phase === phase) return;
  const { message: _, ...rest } = volume.status ?? {};
  objects.updateStatus(persistentVolumes, {
    ...volume,
    status: { ...rest, phase, ...(message === undefined ? {} : { message }) },
  });
}

function volumesOf(objects: Objects, claim: PersistentVolumeClaim): string[] {
  const { namespace, name } = claim.metadata;
  const referring = objects
    .list(persistentVolumes)
    .filter(({ spec }) => spec?.claimRef?.namespace === namespace && spec?.claimRef?.name === name)
    .map(({ metadata }) => `/${metadata.name ?? ''}`);
  return claim.spec?.volumeName ? [...referring, `/${claim.spec.volumeName}`] : referring;
}
