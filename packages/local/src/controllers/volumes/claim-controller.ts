import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  quantityNumber,
  storageClasses,
} from '@pgherd/kube/objects';
import type { Clock, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, keyOf, sameJson, splitKey, withMetadata } from '../objects.ts';
import { isFinished } from '../statefulset/pod-state.ts';
import { growClaim } from './claim-growth.ts';
import { classOf, findVolume, isReservedFor } from './matching.ts';
import { PROVISIONED_BY, PROVISIONER, SIZED_CLASS_PARAMETER } from './provisioner.ts';
import { SIZE_LIMIT, type SizeLimits } from '../../volumes/size-limits.ts';
import type { VolumeStore } from '../../volumes/volume-store.ts';

/** On what the engine bound, as opposed to what a person did. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const PROTECTION = 'kubernetes.io/pvc-protection';
/** Written by the scheduler: where the pod of a claim will run. */
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** What the claim controller needs besides the registry. */
export interface ClaimOptions {
  events: EventRecorder;
  store: VolumeStore;
  limits: SizeLimits;
  clock: Pick<Clock, 'now'>;
  /** The node of volumes that are made before a pod needs them. */
  nodeName: string;
}

/** Binds claims to volumes, makes volumes for those that want one, and keeps claims that pods use. */
export function claimController(objects: Objects, options: ClaimOptions): Controller {
  return {
    name: 'persistentvolumeclaim',
    interests: [
      { resource: persistentVolumeClaims, keys: (claim) => [keyOf(claim)] },
      { resource: pods, ignoresAnnotations: true, keys: (pod) => claimsOf(pod as Pod) },
      { resource: persistentVolumes, keys: (volume) => candidates(objects, volume as PersistentVolume) },
      { resource: storageClasses, keys: () => pending(objects) },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const claim = objects.get(persistentVolumeClaims, namespace, name);
      if (!claim) return done;
      if (claim.metadata.deletionTimestamp !== undefined) letGo(objects, claim);
      else if (claim.spec?.volumeName) {
        followBinding(objects, claim, claim.spec.volumeName);
        growClaim(objects, options, claim.metadata);
      } else bindOrProvision(objects, options, claim);
      return done;
    },
  };
}

/** A claim in use by a pod stays until the pod has ended; one that no node has seen yet does not count. */
function letGo(objects: Objects, claim: PersistentVolumeClaim): void {
  if (!claim.metadata.finalizers?.includes(PROTECTION)) return;
  const key = keyOf(claim);
  const used = objects
    .list(pods, claim.metadata.namespace)
    .some((pod) => pod.spec?.nodeName && !isFinished(pod) && claimsOf(pod).includes(key));
  if (used) return;
  const finalizers = claim.metadata.finalizers.filter((finalizer) => finalizer !== PROTECTION);
  objects.update(persistentVolumeClaims, withMetadata(claim, { finalizers }));
}

function followBinding(objects: Objects, claim: PersistentVolumeClaim, volumeName: string): void {
  const volume = objects.get(persistentVolumes, undefined, volumeName);
  const completed = claim.metadata.annotations?.[BIND_COMPLETED] === 'yes';
  if (!volume) {
    if (completed) writePhase(objects, claim, { phase: 'Lost' });
  } else if (!volume.spec?.claimRef || isReservedFor(volume, claim)) bind(objects, claim, volume);
  else if (completed) writePhase(objects, claim, { phase: 'Lost' });
}

function bindOrProvision(objects: Objects, options: ClaimOptions, claim: PersistentVolumeClaim): void {
  const className = classOf(claim);
  const storageClass = className === '' ? undefined : objects.get(storageClasses, undefined, className);
  const volume = findVolume(claim, objects.list(persistentVolumes));
  const late = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  // Where the pod's node decides, the scheduler reserves the volume.
  if (volume && (isReservedFor(volume, claim) || !late)) {
    bind(objects, claim, volume);
    return;
  }
  const { events } = options;
  if (className === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    tellOnce(objects, events, claim, 'Normal', 'FailedBinding', message);
  } else if (!storageClass) {
    const message = `storageclass.storage.k8s.io "${className}" not found`;
    tellOnce(objects, events, claim, 'Warning', 'ProvisioningFailed', message);
  } else if (late && claim.metadata.annotations?.[SELECTED_NODE] === undefined) {
    const message = 'waiting for first consumer to be created before binding';
    tellOnce(objects, events, claim, 'Normal', 'WaitForFirstConsumer', message);
  } else if (storageClass.provisioner === PROVISIONER) provision(objects, options, claim, storageClass);
  else {
    const message = `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by the system administrator`;
    tellOnce(objects, events, claim, 'Normal', 'ExternalProvisioning', message);
  }
}

/** The name follows from the claim, so that a kill between directory, volume and binding is no matter. */
function provision(
  objects: Objects,
  options: ClaimOptions,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
): void {
  const { events, store } = options;
  const nodeName = claim.metadata.annotations?.[SELECTED_NODE] ?? options.nodeName;
  if (claim.spec?.selector) {
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": claim.spec.selector is not supported for dynamic provisioning`;
    tellOnce(objects, events, claim, 'Warning', 'ProvisioningFailed', message);
    return;
  }
  const name = `pvc-${claim.metadata.uid}`;
  const { storage = '0' } = claim.spec?.resources?.requests ?? {};
  const isSized = wantsSize(options, claim, storageClass);
  const path = store.create(name, isSized ? quantityNumber(storage) : undefined);
  const created = objects.createIfMissing(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [PROVISIONED_BY]: PROVISIONER, ...(isSized ? { [SIZE_LIMIT]: 'xfs' } : {}) },
    },
    spec: {
      capacity: { storage },
      accessModes: claim.spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      volumeMode: 'Filesystem',
      claimRef: referenceTo(claim),
      hostPath: { path, type: isSized ? 'Directory' : 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] },
          ],
        },
      },
    },
  });
  if (created)
    events.record(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
  const volume = objects.get(persistentVolumes, undefined, name);
  if (volume) bind(objects, claim, volume);
}

/** A class can ask for volumes whose size is their limit; where this machine cannot make any, that is told. */
function wantsSize(
  { limits, events }: ClaimOptions,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
): boolean {
  if (storageClass.parameters?.[SIZED_CLASS_PARAMETER] !== 'enforced') return false;
  if (limits.enforced) return true;
  const message = `nothing keeps this volume to its size: ${limits.why}`;
  if (!events.has(claim, 'Warning', 'SizeNotLimited', message)) {
    events.record(claim, 'Warning', 'SizeNotLimited', message);
  }
  return false;
}

/** Volume first, claim second: killed in between, the volume is reserved for the claim and found again. */
function bind(objects: Objects, claim: PersistentVolumeClaim, volume: PersistentVolume): void {
  const name = volume.metadata.name ?? '';
  if (volume.spec?.claimRef?.uid !== claim.metadata.uid) {
    const annotations = volume.spec?.claimRef
      ? (volume.metadata.annotations ?? {})
      : { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' };
    objects.update(persistentVolumes, {
      ...withMetadata(volume, { annotations }),
      spec: { ...volume.spec, claimRef: referenceTo(claim) },
    });
  }
  const annotations: Record<string, string> = { ...claim.metadata.annotations, [BIND_COMPLETED]: 'yes' };
  if (!claim.spec?.volumeName) annotations[BOUND_BY_CONTROLLER] = 'yes';
  let bound = claim;
  if (claim.spec?.volumeName !== name || !sameJson(annotations, claim.metadata.annotations)) {
    bound = objects.update(persistentVolumeClaims, {
      ...withMetadata(claim, { annotations }),
      spec: { ...claim.spec, volumeName: name },
    });
  }
  const { accessModes = [], capacity = {} } = volume.spec ?? {};
  // A bound one may grow: its capacity is then what it has grown to, and no business of the binding.
  const grown = claim.status?.phase === 'Bound' ? claim.status.capacity : undefined;
  writePhase(objects, bound, { phase: 'Bound', accessModes, capacity: grown ?? capacity });
}

function writePhase(
  objects: Objects,
  claim: PersistentVolumeClaim,
  status: PersistentVolumeClaim['status'] & object,
): void {
  const next = { ...claim.status, ...status };
  if (!sameJson(next, claim.status)) objects.updateStatus(persistentVolumeClaims, { ...claim, status: next });
}

/** The claim as a volume names it. */
export function referenceTo({
  metadata,
}: PersistentVolumeClaim): NonNullable<PersistentVolume['spec']>['claimRef'] & object {
  const { namespace = '', name = '', uid = '' } = metadata;
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
}

/** Why a claim waits is told once per reason, not at each look at it. */
function tellOnce(
  objects: Objects,
  events: EventRecorder,
  claim: PersistentVolumeClaim,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  if (!events.has(claim, type, reason, message)) events.record(claim, type, reason, message);
  if (claim.status?.phase !== 'Pending') writePhase(objects, claim, { phase: 'Pending' });
}

/** Keys of the claims that a pod mounts. */
function claimsOf(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim ? [`${pod.metadata.namespace}/${persistentVolumeClaim.claimName}`] : [],
  );
}

function candidates(objects: Objects, volume: PersistentVolume): string[] {
  const reference = volume.spec?.claimRef;
  return reference ? [`${reference.namespace}/${reference.name}`] : pending(objects);
}

function pending(objects: Objects): string[] {
  return objects
    .list(persistentVolumeClaims)
    .filter(({ status }) => status?.phase !== 'Bound')
    .map(keyOf);
}
