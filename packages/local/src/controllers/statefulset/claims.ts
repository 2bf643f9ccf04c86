import { persistentVolumeClaims } from '@pgherd/kube/objects';
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '@pgherd/kube/objects';
import { Objects, sameJson, withMetadata } from '../objects.ts';
import { buildClaims, replicasOf, startOrdinal } from './identity.ts';

/**
 * Creates the claims of an ordinal that are missing. Answers their names.
 * Throws when one is being deleted: its name is free, and its data gone, only later.
 */
export function createClaims(objects: Objects, set: StatefulSet, ordinal: number): string[] {
  const created: string[] = [];
  for (const claim of buildClaims(set, ordinal)) {
    const { namespace, name = '' } = claim.metadata;
    const present = objects.get(persistentVolumeClaims, namespace, name);
    if (present?.metadata.deletionTimestamp !== undefined) throw new Error(`pvc ${name} is being deleted`);
    if (present) continue;
    objects.create(persistentVolumeClaims, claim);
    created.push(name);
  }
  return created;
}

/**
 * Acts on `persistentVolumeClaimRetentionPolicy`: the owner of a claim is what it dies with, so `Delete` means that
 * the set (whenDeleted) or the pod that is scaled away (whenScaled) owns it, `Retain` that neither does.
 */
export function syncClaimOwners(objects: Objects, set: StatefulSet, pod: Pod, ordinal: number): void {
  const start = startOrdinal(set);
  const condemned = ordinal < start || ordinal >= start + replicasOf(set);
  for (const { metadata } of buildClaims(set, ordinal)) {
    const claim = objects.get(persistentVolumeClaims, metadata.namespace, metadata.name ?? '');
    if (!claim) continue;
    const ownerReferences = claimOwners(set, pod, condemned, claim);
    if (sameJson(ownerReferences, claim.metadata.ownerReferences ?? [])) continue;
    objects.update(persistentVolumeClaims, withMetadata(claim, { ownerReferences }));
  }
}

/** The owner references that the policy wants on a claim; those of others stay. */
export function claimOwners(
  set: StatefulSet,
  pod: Pod,
  condemned: boolean,
  claim: PersistentVolumeClaim,
): OwnerReference[] {
  const policy = set.spec?.persistentVolumeClaimRetentionPolicy;
  const byPod = policy?.whenScaled === 'Delete' && condemned;
  const bySet = policy?.whenDeleted === 'Delete' && !byPod;
  const isOurs = (reference: OwnerReference): boolean =>
    (reference.kind === 'StatefulSet' && reference.name === set.metadata.name) ||
    (reference.kind === 'Pod' && reference.name === pod.metadata.name);
  const others = (claim.metadata.ownerReferences ?? []).filter((reference) => !isOurs(reference));
  return [
    ...others,
    ...(bySet
      ? [
          {
            apiVersion: 'apps/v1',
            kind: 'StatefulSet',
            name: set.metadata.name ?? '',
            uid: set.metadata.uid ?? '',
          },
        ]
      : []),
    ...(byPod
      ? [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' }]
      : []),
  ];
}
