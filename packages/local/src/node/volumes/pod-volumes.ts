import { existsSync, mkdirSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@pgherd/kube/objects';
import type { TokenIssuer } from '../../auth/auth.ts';
import type { ObjectSource } from '../env.ts';
import type { NodeFacts } from '../field-ref.ts';
import { isMountPoint } from '../../volumes/mount-points.ts';
import type { VolumeImages } from '../../volumes/volume-images.ts';
import { amountOf } from '../quantity.ts';
import { isSized, mountSized } from './sized-volumes.ts';
import { writePayload } from './atomic-writer.ts';
import { applyFsGroup } from './ownership.ts';
import { hasPayload, isVolatile, payloadOf, VolumeError } from './payload.ts';
import { mountMemory } from './pod-directories.ts';
import type { PodDirectories } from './pod-directories.ts';
import { currentToken } from './tokens.ts';

/** Where volumes find claims and the volumes bound to them. */
export interface VolumeSource extends ObjectSource {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  persistentVolume(name: string): PersistentVolume | undefined;
}

export interface VolumeContext {
  pod: Pod;
  podIps: readonly string[];
  node: NodeFacts;
  source: VolumeSource;
  directories: PodDirectories;
  images: VolumeImages;
  issuer: TokenIssuer;
  clock: Clock;
}

/** A volume that is ready on the host. */
export interface MountedVolume {
  hostPath: string;
  readOnly: boolean;
}

/**
 * Makes all volumes of a pod ready: directories, memory file systems, claims, files. Safe to call again at any
 * time; then it only brings files up to date. `first` applies fsGroup, which is done once per start of the pod.
 * Throws `VolumeError` that names the volume.
 */
export async function setUpVolumes(
  context: VolumeContext,
  first: boolean,
): Promise<Map<string, MountedVolume>> {
  const mounted = new Map<string, MountedVolume>();
  for (const volume of context.pod.spec?.volumes ?? []) {
    try {
      mounted.set(volume.name, await setUp(volume, context, first));
    } catch (error) {
      throw new VolumeError(
        `MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
  return mounted;
}

/** Brings the files of config map, secret, downward API and projected volumes up to date. Throws `VolumeError`. */
export function refreshPayloads(context: VolumeContext): void {
  for (const volume of context.pod.spec?.volumes ?? []) {
    if (hasPayload(volume)) writeFiles(volume, context);
  }
}

async function setUp(volume: Volume, context: VolumeContext, first: boolean): Promise<MountedVolume> {
  const { pod, directories } = context;
  const uid = pod.metadata.uid ?? '';
  if (hasPayload(volume)) return { hostPath: writeFiles(volume, context), readOnly: false };
  if (volume.hostPath) {
    checkHostPath(volume.hostPath.path, volume.hostPath.type ?? '');
    return { hostPath: volume.hostPath.path, readOnly: false };
  }
  if (volume.emptyDir) {
    const path = directories.volume(uid, volume.name, false);
    await makeEmptyDir(path, volume.emptyDir.medium ?? '', volume.emptyDir.sizeLimit);
    await give(path, pod, first);
    return { hostPath: path, readOnly: false };
  }
  if (volume.persistentVolumeClaim) {
    const { claimName, readOnly = false } = volume.persistentVolumeClaim;
    const path = await claimPath(context, claimName);
    if (!readOnly) await give(path, pod, first);
    return { hostPath: path, readOnly };
  }
  throw new VolumeError('its type is not served here');
}

function writeFiles(volume: Volume, context: VolumeContext): string {
  const { pod, directories, issuer, clock } = context;
  const directory = directories.volume(pod.metadata.uid ?? '', volume.name, isVolatile(volume));
  const payload = payloadOf(volume, {
    ...context,
    token: ({ path, ...request }) => currentToken(issuer, clock, pod, join(directory, path), request),
  });
  writePayload(directory, payload, pod.spec?.securityContext?.fsGroup);
  return directory;
}

async function makeEmptyDir(path: string, medium: string, sizeLimit: string | undefined): Promise<void> {
  if (medium !== '' && medium !== 'Memory') throw new VolumeError(`medium "${medium}" is not served here`);
  if (!existsSync(path)) {
    mkdirSync(path, { recursive: true });
    // Every user of the pod may write: kubelet's mode, whatever the umask.
    chmodSync(path, 0o777);
  }
  if (medium === 'Memory' && !isMountPoint(path)) {
    await mountMemory(path, sizeLimit === undefined ? undefined : amountOf(sizeLimit), '0777');
  }
}

async function give(path: string, pod: Pod, first: boolean): Promise<void> {
  const { fsGroup, fsGroupChangePolicy = 'Always' } = pod.spec?.securityContext ?? {};
  if (!first || fsGroup === undefined) return;
  await applyFsGroup(path, fsGroup, fsGroupChangePolicy === 'OnRootMismatch' ? 'OnRootMismatch' : 'Always');
}

async function claimPath({ pod, source, images }: VolumeContext, claimName: string): Promise<string> {
  const claim = source.claim(pod.metadata.namespace ?? 'default', claimName);
  if (claim === undefined) throw new VolumeError(`persistentvolumeclaim "${claimName}" not found`);
  const volumeName = claim.spec?.volumeName ?? '';
  if (claim.status?.phase !== 'Bound' || volumeName === '') {
    throw new VolumeError(`persistentvolumeclaim "${claimName}" is not bound`);
  }
  const volume = source.persistentVolume(volumeName);
  if (volume === undefined) throw new VolumeError(`persistentvolume "${volumeName}" not found`);
  if (isSized(volume)) return mountSized(images, volume);
  const path = volume.spec?.local?.path ?? volume.spec?.hostPath?.path;
  if (path === undefined)
    throw new VolumeError(`persistentvolume "${volumeName}" is of a type not served here`);
  if (!existsSync(path)) {
    if (volume.spec?.hostPath?.type !== 'DirectoryOrCreate') {
      throw new VolumeError(`path "${path}" of persistentvolume "${volumeName}" does not exist`);
    }
    mkdirSync(path, { recursive: true });
  }
  return path;
}

/** The documented `hostPath.type`s. */
function checkHostPath(path: string, type: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const fail = (): never => {
    throw new VolumeError(`hostPath type check failed: ${path} is not a ${type}`);
  };
  switch (type) {
    case '':
      // The runtime would refuse to mount what is not there; kubelet leaves it to the runtime, which makes a directory.
      if (found === undefined) mkdirSync(path, { recursive: true });
      return;
    case 'DirectoryOrCreate':
      if (found === undefined) mkdirSync(path, { recursive: true, mode: 0o755 });
      else if (!found.isDirectory()) fail();
      return;
    case 'FileOrCreate':
      if (found === undefined) writeFileSync(path, '', { mode: 0o644 });
      else if (!found.isFile()) fail();
      return;
    case 'Directory':
      return found?.isDirectory() ? undefined : fail();
    case 'File':
      return found?.isFile() ? undefined : fail();
    case 'Socket':
      return found?.isSocket() ? undefined : fail();
    case 'CharDevice':
      return found?.isCharacterDevice() ? undefined : fail();
    case 'BlockDevice':
      return found?.isBlockDevice() ? undefined : fail();
    default:
      fail();
  }
}
