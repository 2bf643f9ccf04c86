import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { SettingsError, type Settings } from './settings.ts';

/** What the configuration needs to know of the container and of the volume. */
export interface HostFacts {
  /** Major version to run. */
  version: string;
  /** Directory of the server's programs. */
  binDir: string;
  /** Bytes the container may use; `limited` is false when that is all of the host's memory. */
  memory: { bytes: number; limited: boolean };
  /** Is a loadable library of that name there? */
  hasLibrary: (name: string) => boolean;
}

const versionsDirectory = '/usr/lib/postgresql';

/** Memory limit of the cgroup, v2 then v1, else the host's memory. */
export function memoryLimit(): HostFacts['memory'] {
  const host = totalmem();
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    if (!existsSync(file)) continue;
    const bytes = Number(readFileSync(file, 'utf8').trim());
    // v2 says "max", v1 a number beyond any memory, when there is no limit.
    if (Number.isFinite(bytes) && bytes > 0 && bytes < host) return { bytes, limited: true };
  }
  return { bytes: host, limited: false };
}

/**
 * The version to run: that of the data directory, then of `SPILO_CONFIGURATION.postgresql.bin_dir`, then PGVERSION.
 * @throws SettingsError when none is named or the image does not have it
 */
export function findVersion(
  settings: Settings,
  installed: string[],
  dataVersion: string | undefined,
): string {
  const postgresql = settings.override['postgresql'];
  const binDir =
    typeof postgresql === 'object' && postgresql !== null
      ? (postgresql as { bin_dir?: unknown }).bin_dir
      : undefined;
  const fromBinDir = typeof binDir === 'string' ? /\/(\d+)\/bin\/?$/.exec(binDir)?.[1] : undefined;
  const version = dataVersion ?? fromBinDir ?? settings.version;
  const have = `this image has ${installed.join(', ') || 'none'}`;
  if (version === undefined)
    throw new SettingsError('PGVERSION', 'is not set', `set it to a major version (${have})`);
  if (!installed.includes(version)) {
    const origin = version === dataVersion ? 'the data directory is of version' : 'wanted is version';
    throw new SettingsError('PGVERSION', `${origin} "${version}"`, `${have}: use an image that has it`);
  }
  return version;
}

/** Looks around in the container. */
export function gatherFacts(settings: Settings): HostFacts {
  const installed = existsSync(versionsDirectory)
    ? readdirSync(versionsDirectory).filter((name) => existsSync(`${versionsDirectory}/${name}/bin/postgres`))
    : [];
  const versionFile = `${settings.paths.data}/PG_VERSION`;
  const dataVersion = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : undefined;
  const version = findVersion(settings, installed, dataVersion);
  return {
    version,
    binDir: `${versionsDirectory}/${version}/bin`,
    memory: memoryLimit(),
    hasLibrary: (name) => existsSync(`${versionsDirectory}/${version}/lib/${name}.so`),
  };
}
