import type { Postgresql } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import {
  ApiError,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '@pgherd/kube/objects';
import {
  amazon,
  AmazonError,
  asksAmazon,
  kinds,
  lookAtDisks,
  observe,
  type DiskSight,
  type ObjectSource,
  type Settings,
} from '@pgherd/operator';

/** What a plan can know of the disks below the volumes. */
export interface FoundDisks {
  /** With the volumes, as far as the caller may read them. */
  source: ObjectSource;
  disks?: DiskSight;
  warnings: string[];
}

/**
 * Asks Amazon with the caller's own credentials, where Amazon's tools have them. The operator has its own: where the
 * caller's do not do, steps about disks are left out, with a warning.
 */
export async function findDisks(
  client: Client,
  settings: Settings,
  manifest: Postgresql,
  source: ObjectSource,
): Promise<FoundDisks> {
  if (!asksAmazon(settings.configuration)) return { source, warnings: [] };
  const { namespace = '', name } = manifest.metadata;
  const claims = source.ofCluster(kinds.claim, namespace, name) as PersistentVolumeClaim[];
  const found = new Map<string, PersistentVolume | 'hidden' | undefined>();
  for (const bound of claims.flatMap(({ spec }) => spec?.volumeName ?? []))
    found.set(bound, await readVolume(client, bound));
  const withVolumes: ObjectSource = { ...source, volume: (each) => found.get(each) };
  const memory = { databaseFingerprint: undefined };
  const observed = observe(withVolumes, settings.configuration, { namespace, name }, memory);
  try {
    const api = amazon(() => settings, process.env)();
    const disks = await lookAtDisks(manifest, settings, observed, api);
    return { source: withVolumes, ...(disks === undefined ? {} : { disks }), warnings: [] };
  } catch (error) {
    if (!(error instanceof AmazonError)) throw error;
    const warning = `Amazon could not be asked for the disks: steps about them are left out (${error.message})`;
    return { source: withVolumes, warnings: [warning] };
  }
}

async function readVolume(client: Client, name: string): Promise<PersistentVolume | 'hidden' | undefined> {
  try {
    return await client.find(persistentVolumes, { name });
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return 'hidden';
    throw error;
  }
}
