import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import type { Volume } from '@pgherd/kube/objects';
import { additionalVolumes } from './additional-volumes.ts';
import type { RenderInput } from './input.ts';
import { canReadFile, localFileVolume } from './local-configuration.ts';
import type { MountedVolume } from './mounts.ts';
import { apiVolumes } from './patroni-api.ts';
import { tlsSection } from './tls.ts';
import { isSet } from './variables.ts';

type Declared = Pick<RenderInput, 'manifest' | 'configuration'> & Partial<Pick<RenderInput, 'remembered'>>;

/** All volumes of a pod besides the data volume, in a fixed order. */
export function podVolumes(input: Declared): MountedVolume[] {
  const [shared, tls] = [sharedVolumes(input), tlsVolumes(input.manifest)];
  const { volumes } = additionalVolumes(input.manifest, [...shared, ...tls, ...reserved(input)]);
  return [...shared, ...volumes, ...tls];
}

/** What is said about `spec.additionalVolumes` that cannot be mounted. */
export function volumeProblems(input: Declared): Problem[] {
  const others = [...sharedVolumes(input), ...tlsVolumes(input.manifest), ...reserved(input)];
  return additionalVolumes(input.manifest, others).problems;
}

/** What pods with pgherd's own image may have besides. */
function reserved({ manifest, configuration }: Declared): MountedVolume[] {
  return canReadFile(manifest, configuration) ? [localFileVolume] : [];
}

/** Volumes that the operator's configuration asks for. */
function sharedVolumes(input: Declared): MountedVolume[] {
  const { manifest, configuration } = input;
  const volumes: MountedVolume[] = [];
  if (manifest.spec.enableShmVolume ?? configuration.enable_shm_volume) {
    volumes.push(mounted({ name: 'dshm', emptyDir: { medium: 'Memory' } }, '/dev/shm', ['postgres']));
  }
  if (configuration.share_pgsocket_with_sidecars) {
    const socket = { name: 'postgresql-run', emptyDir: { medium: 'Memory' } };
    volumes.push(mounted(socket, '/var/run/postgresql', undefined));
  }
  volumes.push(...secretMount(configuration), ...apiVolumes(input));
  return volumes;
}

/** `additional_secret_mount`, in all containers of database pods and of backups. */
export function secretMount(configuration: Configuration): MountedVolume[] {
  const { additional_secret_mount: secret, additional_secret_mount_path: path } = configuration;
  if (!isSet(secret) || !isSet(path)) return [];
  return [mounted({ name: volumeName(secret), secret: { secretName: secret } }, path, undefined)];
}

/** Certificate and authority of `spec.tls`, for container `postgres`. */
export function tlsVolumes(manifest: Postgresql): MountedVolume[] {
  const tls = tlsSection(manifest);
  if (tls === undefined) return [];
  const volumes = [mounted(certificates(tls.secretName), '/tls', ['postgres'])];
  if (isSet(tls.caFile) && isSet(tls.caSecretName)) {
    volumes.push(mounted(certificates(tls.caSecretName), '/tlsca', ['postgres']));
  }
  return volumes;
}

function mounted(volume: Volume, mountPath: string, containers: string[] | undefined): MountedVolume {
  return { volume, mount: { name: volume.name, mountPath }, containers };
}

/** Readable by the group that the pod runs with, which PostgreSQL allows for keys that root owns. */
function certificates(secretName: string): Volume {
  return { name: volumeName(secretName), secret: { secretName, defaultMode: 0o640 } };
}

/** A volume is called like its Secret; where that cannot be (dots, length) it comes as near as possible. */
export function volumeName(secret: string): string {
  return secret.replaceAll('.', '-').slice(0, 63).replace(/-+$/, '');
}

/** The pod's list of volumes: two mounts of one Secret are one volume. */
export function volumesOf(volumes: MountedVolume[]): Volume[] {
  const byName = new Map(volumes.map(({ volume }) => [volume.name, volume]));
  return [...byName.values()];
}
