import { persistentVolumeClaims, persistentVolumes, quantityNumber } from '@pgherd/kube/objects';
import type { Clock, PersistentVolume, PersistentVolumeClaim } from '@pgherd/kube/objects';
import type { VolumeStore } from '../../volumes/volume-store.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, timestamp } from '../objects.ts';
import { PROVISIONED_BY, PROVISIONER } from './provisioner.ts';

interface GrowthOptions {
  events: EventRecorder;
  store: VolumeStore;
  clock: Pick<Clock, 'now'>;
}

/**
 * Grows the volume of a bound claim that asks for more than it has: first the file, then the node grows the file system
 * in it while the pod goes on; until then the claim says `FileSystemResizePending`. Without a file there is nothing but
 * a number. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims
 */
export function growClaim(
  objects: Objects,
  { events, store, clock }: GrowthOptions,
  { namespace, name = '' }: PersistentVolumeClaim['metadata'],
): void {
  const claim = objects.get(persistentVolumeClaims, namespace, name);
  if (claim?.status?.phase !== 'Bound') return;
  const wanted = claim.spec?.resources?.requests?.['storage'] ?? '0';
  const volume = objects.get(persistentVolumes, undefined, claim.spec?.volumeName ?? '');
  if (volume === undefined || !isLess(claim.status.capacity?.['storage'], wanted)) return;
  if (volume.metadata.annotations?.[PROVISIONED_BY] !== PROVISIONER) {
    const message = 'waiting for an external controller to expand this PVC';
    if (!events.has(claim, 'Normal', 'ExternalExpanding', message)) {
      events.record(claim, 'Normal', 'ExternalExpanding', message);
    }
    return;
  }
  // The file first: killed after it, the next look finds the volume's number still too small and goes on.
  const hasFile = store.grow(volume.metadata.name ?? '', quantityNumber(wanted) ?? 0);
  if (isLess(volume.spec?.capacity?.['storage'], wanted)) raise(objects, volume, wanted);
  if (!hasFile) {
    const capacity = { ...claim.status.capacity, storage: wanted };
    objects.updateStatus(persistentVolumeClaims, { ...claim, status: { ...claim.status, capacity } });
    events.record(claim, 'Normal', 'FileSystemResizeSuccessful', 'there is no limit to this volume');
    return;
  }
  const { conditions = [] } = claim.status;
  if (conditions.some(({ type, status }) => type === 'FileSystemResizePending' && status === 'True')) return;
  const message = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.';
  const pending = {
    type: 'FileSystemResizePending',
    status: 'True',
    lastTransitionTime: timestamp(clock.now()),
    message,
  };
  const others = conditions.filter(({ type }) => type !== pending.type);
  const status = { ...claim.status, conditions: [...others, pending] };
  objects.updateStatus(persistentVolumeClaims, { ...claim, status });
  events.record(claim, 'Normal', 'FileSystemResizeRequired', 'Require file system resize of volume on node');
}

function raise(objects: Objects, volume: PersistentVolume, storage: string): void {
  const capacity = { ...volume.spec?.capacity, storage };
  objects.update(persistentVolumes, { ...volume, spec: { ...volume.spec, capacity } });
}

function isLess(has: string | undefined, wanted: string): boolean {
  return (quantityNumber(has ?? '0') ?? 0) < (quantityNumber(wanted) ?? 0);
}
