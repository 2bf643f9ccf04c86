import { isNotFound, type Client } from '@pgherd/kube/client';
import type { Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '../kinds.ts';
import { fieldManager, finalizer } from '../names.ts';

/** Before anything is made, so that nothing is left behind whatever happens next. */
export function addFinalizer(client: Client, manifest: Postgresql): Promise<KubeObject> {
  return setFinalizers(client, manifest, [...(manifest.metadata.finalizers ?? []), finalizer]);
}

/** After everything is gone. A manifest that is gone already is fine. */
export async function removeFinalizer(client: Client, manifest: Postgresql): Promise<void> {
  const others = (manifest.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  try {
    await setFinalizers(client, manifest, others);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** The list is replaced as a whole, therefore only in exactly the version that was read. */
function setFinalizers(client: Client, manifest: Postgresql, finalizers: string[]): Promise<KubeObject> {
  const { namespace = '', name, resourceVersion } = manifest.metadata;
  const body = { metadata: { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
  return client.patch(postgresqls, { namespace, name }, { type: 'merge', body }, { fieldManager });
}
