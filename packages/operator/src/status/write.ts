import { isDeepStrictEqual } from 'node:util';
import { isNotFound, type Client } from '@pgherd/kube/client';
import { readStatus, type Postgresql, type PostgresqlStatus } from '@pgherd/api';
import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '../kinds.ts';
import { fieldManager } from '../names.ts';

/**
 * Writes the status if it says anything new. Returns the object as written, or undefined when nothing was. Where the
 * definition of `postgresqls` is still that of Zalando's operator, which takes texts only, it writes the one word.
 */
export async function writeStatus(
  client: Client,
  manifest: Postgresql,
  status: PostgresqlStatus,
): Promise<KubeObject | undefined> {
  const previous = readStatus(manifest.status);
  if (isDeepStrictEqual(previous, status)) return undefined;
  const gone = Object.keys(previous).filter((key) => !(key in status));
  // In a merge patch a key that is not mentioned stays.
  const write = (body: object) => {
    const key = { namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name };
    return client.patchStatus(postgresqls, key, { type: 'merge', body: { status: body } }, { fieldManager });
  };
  try {
    return await write({ ...status, ...Object.fromEntries(gone.map((key) => [key, null])) });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!(error instanceof ApiError) || error.code !== 422) throw error;
    const { PostgresClusterStatus } = status;
    return previous.PostgresClusterStatus === PostgresClusterStatus
      ? undefined
      : write({ PostgresClusterStatus });
  }
}
