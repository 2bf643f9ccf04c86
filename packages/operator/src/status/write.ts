import { isDeepStrictEqual } from 'node:util';
import { isNotFound, type Client } from '@pgherd/kube/client';
import { readStatus, type Postgresql, type PostgresqlStatus } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '../kinds.ts';
import { fieldManager } from '../names.ts';

/** Writes the status if it says anything new. Returns the object as written, or undefined when nothing was. */
export async function writeStatus(
  client: Client,
  manifest: Postgresql,
  status: PostgresqlStatus,
): Promise<KubeObject | undefined> {
  const previous = readStatus(manifest.status);
  if (isDeepStrictEqual(previous, status)) return undefined;
  const gone = Object.keys(previous).filter((key) => !(key in status));
  // In a merge patch a key that is not mentioned stays.
  const body = { status: { ...status, ...Object.fromEntries(gone.map((key) => [key, null])) } };
  try {
    const key = { namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name };
    return await client.patchStatus(postgresqls, key, { type: 'merge', body }, { fieldManager });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
