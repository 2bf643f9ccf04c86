import type { Postgresql } from '@pgherd/api';
import type { Volume, VolumeMount } from '@pgherd/kube/objects';
import { isSet } from './environment.ts';
import type { RenderInput } from './input.ts';

/** Where the data volume is mounted; never PGDATA itself, which is a directory inside. */
export const dataPath = '/home/postgres/pgdata';

/** A pod volume together with where it is mounted and by which containers; `undefined`: by all. */
export interface MountedVolume {
  volume: Volume;
  mount: VolumeMount;
  containers: string[] | undefined;
}

/** Mount of the data volume, the same in the database container and in every sidecar. */
export function dataMount(manifest: Postgresql): VolumeMount {
  const { subPath, isSubPathExpr } = manifest.spec.volume;
  return {
    name: 'pgdata',
    mountPath: dataPath,
    ...(isSet(subPath) ? (isSubPathExpr === true ? { subPathExpr: subPath } : { subPath }) : {}),
  };
}

/** All volumes of a pod besides the data volume, in a fixed order. */
export function podVolumes(input: RenderInput): MountedVolume[] {
  const { manifest, configuration } = input;
  const volumes: MountedVolume[] = [];
  if (manifest.spec.enableShmVolume ?? configuration.enable_shm_volume) {
    volumes.push(postgresOnly({ name: 'dshm', emptyDir: { medium: 'Memory' } }, '/dev/shm'));
  }
  volumes.push(...additionalVolumes(manifest));
  const { tls } = manifest.spec;
  if (tls !== undefined) {
    volumes.push(postgresOnly(secretVolume(tls.secretName), '/tls'));
    if (isSet(tls.caFile) && isSet(tls.caSecretName)) {
      volumes.push(postgresOnly(secretVolume(tls.caSecretName), '/tlsca'));
    }
  }
  return volumes;
}

function postgresOnly(volume: Volume, mountPath: string): MountedVolume {
  return { volume, mount: { name: volume.name, mountPath }, containers: ['postgres'] };
}

/** Readable by the group that the pod runs with, which PostgreSQL allows for keys that root owns. */
function secretVolume(name: string): Volume {
  return { name, secret: { secretName: name, defaultMode: 0o640 } };
}

function additionalVolumes(manifest: Postgresql): MountedVolume[] {
  return (manifest.spec.additionalVolumes ?? []).map((wanted) => {
    const targets = wanted.targetContainers ?? [];
    const { subPath } = wanted;
    return {
      volume: { ...wanted.volumeSource, name: wanted.name },
      mount: {
        name: wanted.name,
        mountPath: wanted.mountPath,
        ...(isSet(subPath) ? (wanted.isSubPathExpr === true ? { subPathExpr: subPath } : { subPath }) : {}),
      },
      containers: targets.length === 0 ? ['postgres'] : targets[0] === 'all' ? undefined : targets,
    };
  });
}

/** Mounts of the container with this name, the data volume first. */
export function mountsOf(manifest: Postgresql, volumes: MountedVolume[], container: string): VolumeMount[] {
  const mounted = volumes.filter(
    ({ containers }) => containers === undefined || containers.includes(container),
  );
  return [dataMount(manifest), ...mounted.map(({ mount }) => mount)];
}
