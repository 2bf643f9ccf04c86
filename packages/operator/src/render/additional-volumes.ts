import type { Postgresql, Problem } from '@pgherd/api';
import { dataPath, dataVolume, subPathOf, type MountedVolume } from './mounts.ts';

type Wanted = NonNullable<Postgresql['spec']['additionalVolumes']>[number];

/**
 * `spec.additionalVolumes` besides the pod's other volumes. One whose name, or whose path in the same container, is
 * taken is left out with a warning: the pod would be invalid.
 */
export function additionalVolumes(
  manifest: Postgresql,
  others: MountedVolume[],
): { volumes: MountedVolume[]; problems: Problem[] } {
  const volumes: MountedVolume[] = [];
  const problems: Problem[] = [];
  (manifest.spec.additionalVolumes ?? []).forEach((wanted, index) => {
    const volume = mountedVolume(wanted);
    const conflict = conflictOf(volume, [...others, ...volumes]);
    if (conflict === undefined) volumes.push(volume);
    else
      problems.push({
        severity: 'warning',
        field: `spec.additionalVolumes[${index}].${conflict.member}`,
        message: `${conflict.message}; the volume is left out, choose another.`,
      });
  });
  return { volumes, problems };
}

function mountedVolume(wanted: Wanted): MountedVolume {
  const targets = wanted.targetContainers ?? [];
  return {
    volume: { ...wanted.volumeSource, name: wanted.name },
    mount: {
      name: wanted.name,
      mountPath: wanted.mountPath,
      ...subPathOf(wanted.subPath, wanted.isSubPathExpr),
    },
    containers: targets.length === 0 ? ['postgres'] : targets.includes('all') ? undefined : targets,
  };
}

function conflictOf(
  { volume, mount, containers }: MountedVolume,
  taken: MountedVolume[],
): { member: string; message: string } | undefined {
  if (volume.name === dataVolume || taken.some((other) => other.volume.name === volume.name)) {
    return { member: 'name', message: `\`${volume.name}\` is the name of another volume` };
  }
  const path = withoutSlash(mount.mountPath);
  const inSameContainer = (other: MountedVolume) =>
    containers === undefined ||
    other.containers === undefined ||
    other.containers.some((name) => containers.includes(name));
  const isTaken = taken.some(
    (other) => withoutSlash(other.mount.mountPath) === path && inSameContainer(other),
  );
  if (path !== dataPath && !isTaken) return undefined;
  const whose = path === dataPath ? 'the data volume' : 'another volume';
  return { member: 'mountPath', message: `\`${mount.mountPath}\` is where ${whose} is mounted` };
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
