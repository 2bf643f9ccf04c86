import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import type { Client } from '@pgherd/kube/client';
import { describe, kinds, postgresqls, type Kind, type Owner } from '../kinds.ts';
import { clusterNamespaceLabel, fieldManager } from '../names.ts';

/**
 * Makes a Secret that exists already the cluster's: its contents stay, because whoever made it chose the password; it
 * gets the labels of `wanted`, so that it is found from now on. Throws when it belongs to another cluster; then nothing
 * was written.
 */
export async function takeSecret(client: Client, wanted: KubeObject, owner: Owner): Promise<KubeObject> {
  const existing = await refuseAnothers(client, kinds.secret, wanted, owner);
  const { apiVersion, kind, metadata } = wanted;
  const { uid, resourceVersion } = existing?.metadata ?? {};
  const labelled: KubeObject = {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    // Exactly the version that was looked at.
    metadata: {
      ...metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
  return client.apply(kinds.secret, labelled, { force: true, fieldManager });
}

/** The object under the name of `wanted`, if there is one. Throws when it belongs to another cluster than `owner`. */
export async function refuseAnothers(
  client: Client,
  kind: Kind,
  wanted: KubeObject,
  owner: Owner,
): Promise<KubeObject | undefined> {
  const { name = '', namespace = '' } = wanted.metadata;
  const existing = await findByName(client, kind, namespace, name);
  const other = existing === undefined ? undefined : await otherOwner(client, existing, owner);
  if (other === undefined) return existing;
  const advice =
    kind === kinds.secret
      ? 'rename the role, or give Secrets other names with secret_name_template'
      : 'one of the clusters needs another name';
  throw new Error(`${describe(kind, `${namespace}/${name}`)} belongs to the cluster ${other}; ${advice}`);
}

/** `namespace/name` of the cluster that the object belongs to, if it is another one than `owner`. */
async function otherOwner(client: Client, object: KubeObject, owner: Owner): Promise<string | undefined> {
  const { labels = {}, namespace = '' } = object.metadata;
  const cluster = labels[owner.label];
  if (cluster === undefined) return undefined; // Somebody made it beforehand, to choose the password.
  const marked = labels[clusterNamespaceLabel];
  const inNamespace = marked ?? namespace;
  if (cluster === owner.cluster && inNamespace === owner.namespace) return undefined;
  if (cluster === owner.cluster && marked === undefined) {
    // Secrets that Zalando's operator made in other namespaces do not say which namespace their cluster is in.
    const neighbour = await findByName(client, postgresqls, namespace, cluster);
    if (neighbour === undefined) return undefined;
  }
  return `${inNamespace}/${cluster}`;
}

/** By a list, because the operator has no other right to read single objects. */
export async function findByName(
  client: Client,
  kind: Kind,
  namespace: string,
  name: string,
): Promise<KubeObject | undefined> {
  try {
    const { items } = await client.list(kind, { namespace, fieldSelector: `metadata.name=${name}` });
    return items[0];
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}
