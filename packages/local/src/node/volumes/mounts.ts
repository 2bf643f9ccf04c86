import { mkdirSync, realpathSync, existsSync, chmodSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Container } from '@pgherd/kube/objects';
import { ContainerConfigError } from '../env.ts';
import { expand } from '../expand.ts';
import type { MountedVolume } from './pod-volumes.ts';

/** One bind mount in the Docker API's words. */
export interface BindMount {
  Type: 'bind';
  Source: string;
  Target: string;
  ReadOnly: boolean;
  BindOptions: { Propagation: string };
}

/** Mount propagation by Kubernetes' names. */
const PROPAGATION: Record<string, string> = {
  None: 'rprivate',
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
};

export function bind(source: string, target: string, readOnly = false, propagation = 'None'): BindMount {
  return {
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    BindOptions: { Propagation: PROPAGATION[propagation] ?? 'rprivate' },
  };
}

/** A container's `volumeMounts`; missing `subPath` directories are made. Throws `ContainerConfigError`. */
export function containerMounts(
  container: Container,
  volumes: ReadonlyMap<string, MountedVolume>,
  env: ReadonlyMap<string, string>,
): BindMount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new ContainerConfigError(`volume "${mount.name}" is not mounted`);
    const subPath = mount.subPathExpr === undefined ? mount.subPath : expandSubPath(mount.subPathExpr, env);
    const source = subPath ? subPathOf(volume.hostPath, subPath) : volume.hostPath;
    const readOnly = (mount.readOnly ?? false) || volume.readOnly;
    return bind(source, mount.mountPath, readOnly, mount.mountPropagation);
  });
}

function expandSubPath(expression: string, env: ReadonlyMap<string, string>): string {
  const expanded = expand(expression, env);
  const missing = /\$\(([^)]*)\)/.exec(expanded);
  if (missing !== null) {
    throw new ContainerConfigError(`missing value for "${missing[1] ?? ''}" in subPathExpr ${expression}`);
  }
  return expanded;
}

/** The directory or file below a volume; a symbolic link in it must not lead outside. */
function subPathOf(volume: string, subPath: string): string {
  const path = join(volume, subPath);
  const isOutside = (each: string, top: string): boolean => each !== top && !each.startsWith(top + '/');
  if (subPath.startsWith('/') || isOutside(normalize(path), normalize(volume))) {
    throw new ContainerConfigError(`subPath "${subPath}" must stay within its volume`);
  }
  if (!existsSync(path)) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, statSync(volume).mode & 0o7777);
  }
  const real = realpathSync(path);
  if (isOutside(real, realpathSync(volume))) {
    throw new ContainerConfigError(`subPath "${subPath}" leads outside of its volume`);
  }
  return real;
}
