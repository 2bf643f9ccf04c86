import { isNotFound, type Client } from '@pgherd/kube/client';
import type { Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '../kinds.ts';
import { fieldManager, finalizer } from '../names.ts';
import type { Settings } from '../settings.ts';

/** Before anything is made, so that nothing is left behind whatever happens next. */
export function addFinalizer(client: Client, manifest: Postgresql): Promise<KubeObject> {
  return setFinalizers(client, manifest, [...(manifest.metadata.finalizers ?? []), finalizer]);
}

/** After everything is gone, or because it is no longer wanted. A manifest that is gone already is fine. */
export async function removeFinalizer(client: Client, manifest: Postgresql): Promise<KubeObject | undefined> {
  const others = (manifest.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  try {
    return await setFinalizers(client, manifest, others);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return undefined;
  }
}

/** The list is replaced as a whole, therefore only in exactly the version that was read. */
function setFinalizers(client: Client, manifest: Postgresql, finalizers: string[]): Promise<KubeObject> {
  const { namespace = '', name, resourceVersion } = manifest.metadata;
  const body = { metadata: { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
  return client.patch(postgresqls, { namespace, name }, { type: 'merge', body }, { fieldManager });
}

/**
 * Whether a manifest should have the finalizer. Until somebody writes `enable_finalizers`, a cluster that exists keeps
 * what it has. Where owner references would delete a cluster whose deletion must be confirmed, nothing but the finalizer
 * can protect it.
 */
export function wantsFinalizer(
  { configuration, named }: Settings,
  manifest: Postgresql,
  clusterExists: boolean,
): boolean {
  const { enable_owner_references, delete_annotation_date_key, delete_annotation_name_key } = configuration;
  const isProtected = delete_annotation_date_key !== '' || delete_annotation_name_key !== '';
  if (enable_owner_references && isProtected) return true;
  if (named.has('enable_finalizers') || !clusterExists) return configuration.enable_finalizers;
  return manifest.metadata.finalizers?.includes(finalizer) === true;
}
