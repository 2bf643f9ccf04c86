import { persistentVolumeClaims } from '@pgherd/kube/objects';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@pgherd/kube/objects';
import { SIZE_LIMIT } from '../../volumes/size-limits.ts';
import type { VolumeImages } from '../../volumes/volume-images.ts';
import type { NodeContext } from '../context.ts';

/** Has the volume a size that is its limit? Its directory is a mount point then, and nothing is ever written beside it. */
export function isSized(volume: PersistentVolume): boolean {
  return volume.metadata.annotations?.[SIZE_LIMIT] !== undefined;
}

/** Mounts a volume with a size, which grows to that of its file. Answers where it is. */
export async function mountSized(images: VolumeImages, volume: PersistentVolume): Promise<string> {
  const path = volume.spec?.hostPath?.path ?? '';
  await images.mount(volume.metadata.name ?? '', path);
  return path;
}

/**
 * The node's part of a growth: file systems of a pod's volumes follow their files, while the pod goes on. Answers false
 * when one could not and is to be tried again.
 */
export async function growSizedVolumes(context: NodeContext, pod: Pod): Promise<boolean> {
  const { source, images, record } = context;
  const { namespace = 'default' } = pod.metadata;
  let isDone = true;
  for (const { name, persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    const claim = persistentVolumeClaim && source.claim(namespace, persistentVolumeClaim.claimName);
    if (!claim || !isPending(claim)) continue;
    const volume = source.persistentVolume(claim.spec?.volumeName ?? '');
    if (!volume || !isSized(volume)) continue;
    try {
      await mountSized(images, volume);
      tellGrown(context, claim, volume);
      const message = `MountVolume.NodeExpandVolume succeeded for volume "${volume.metadata.name}"`;
      record(pod, 'Normal', 'FileSystemResizeSuccessful', message);
    } catch (error) {
      const message = `MountVolume.resizeFileSystem failed for volume "${name}" : ${(error as Error).message}`;
      record(pod, 'Warning', 'FileSystemResizeFailed', message);
      isDone = false;
    }
  }
  return isDone;
}

function tellGrown(
  { source, registry }: NodeContext,
  { metadata: { namespace = '', name = '' } }: PersistentVolumeClaim,
  volume: PersistentVolume,
): void {
  const claim = source.claim(namespace, name);
  if (claim === undefined) return;
  const { conditions, ...status } = claim.status ?? {};
  const left = conditions?.filter(({ type }) => type !== 'FileSystemResizePending') ?? [];
  const capacity = { ...status.capacity, ...volume.spec?.capacity };
  const next = {
    ...claim,
    status: { ...status, capacity, ...(left.length > 0 ? { conditions: left } : {}) },
  };
  registry.update(persistentVolumeClaims, namespace, name, next, { subresource: 'status' });
}

function isPending({ status }: PersistentVolumeClaim): boolean {
  return (
    status?.conditions?.some((each) => each.type === 'FileSystemResizePending' && each.status === 'True') ===
    true
  );
}
