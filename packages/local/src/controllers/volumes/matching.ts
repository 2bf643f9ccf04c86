import { quantityNumber, type PersistentVolume, type PersistentVolumeClaim } from '@pgherd/kube/objects';
import { matchesLabelSelector } from '../../registry/selectors.ts';

/** The class that a claim or volume names; `''`: none, dynamic provisioning is not wanted. */
export function classOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return (
    object.spec?.storageClassName ??
    object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
    ''
  );
}

/** Does the volume's claimRef name this very claim (or, without uid, a claim of its name)? */
export function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  return (
    reference?.namespace === claim.metadata.namespace &&
    reference?.name === claim.metadata.name &&
    (!reference?.uid || reference.uid === claim.metadata.uid)
  );
}

/** The volume to bind a claim to: one reserved for it, otherwise the smallest free one that satisfies it. */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: PersistentVolume[],
): PersistentVolume | undefined {
  const usable = volumes.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const reserved = usable.find((volume) => isReservedFor(volume, claim));
  if (reserved) return reserved;
  return usable
    .filter((volume) => !volume.spec?.claimRef && satisfies(volume, claim))
    .sort((a, b) => capacityOf(a) - capacityOf(b) || compare(a.metadata.name, b.metadata.name))[0];
}

function satisfies(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { selector, accessModes = [], volumeMode = 'Filesystem', resources } = claim.spec ?? {};
  const wanted = quantityNumber(resources?.requests?.['storage'] ?? '0') ?? 0;
  return (
    volume.status?.phase === 'Available' &&
    classOf(volume) === classOf(claim) &&
    (volume.spec?.volumeMode ?? 'Filesystem') === volumeMode &&
    accessModes.every((mode) => volume.spec?.accessModes?.includes(mode)) &&
    capacityOf(volume) >= wanted &&
    (selector === undefined || matchesLabelSelector(selector, volume.metadata.labels ?? {}))
  );
}

function capacityOf(volume: PersistentVolume): number {
  return quantityNumber(volume.spec?.capacity?.['storage'] ?? '0') ?? 0;
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
