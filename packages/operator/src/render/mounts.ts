import type { Postgresql } from '@pgherd/api';
import type { Volume, VolumeMount } from '@pgherd/kube/objects';
import { isSet } from './variables.ts';

/** Where the data volume is mounted; never PGDATA itself, which is a directory inside. */
export const dataPath = '/home/postgres/pgdata';

/** Name of the data volume in the pod, which is that of the claim's template. */
export const dataVolume = 'pgdata';

/** A pod volume together with where it is mounted and by which containers; `undefined`: by all. */
export interface MountedVolume {
  volume: Volume;
  mount: VolumeMount;
  containers: string[] | undefined;
}

/** Mount of the data volume, the same in the database container and in every sidecar. */
export function dataMount(manifest: Postgresql): VolumeMount {
  const { subPath, isSubPathExpr } = manifest.spec.volume;
  return { name: dataVolume, mountPath: dataPath, ...subPathOf(subPath, isSubPathExpr) };
}

/** The part of a mount that says which directory of the volume it is. */
export function subPathOf(path: string | undefined, isExpression: boolean | undefined): Partial<VolumeMount> {
  if (!isSet(path)) return {};
  return isExpression === true ? { subPathExpr: path } : { subPath: path };
}

/** Mounts of the container with this name, the data volume first. */
export function mountsOf(manifest: Postgresql, volumes: MountedVolume[], container: string): VolumeMount[] {
  const own = volumes.filter(({ containers }) => containers === undefined || containers.includes(container));
  return [dataMount(manifest), ...own.map(({ mount }) => mount)];
}
