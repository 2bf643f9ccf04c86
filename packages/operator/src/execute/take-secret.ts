import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import type { Client } from '@pgherd/kube/client';
import { kinds, postgresqls, type SecretOwner } from '../kinds.ts';
import { clusterNamespaceLabel, fieldManager } from '../names.ts';

/**
 * Makes a Secret that exists already the cluster's: its contents stay, because whoever made it chose the password; it
 * gets the labels of `wanted`, so that it is found from now on. Throws when it belongs to another cluster; then nothing
 * was written.
 */
export async function takeSecret(
  client: Client,
  wanted: KubeObject,
  owner: SecretOwner,
): Promise<KubeObject> {
  const { name = '', namespace = '' } = wanted.metadata;
  const existing = await findByName(client, kinds.secret, namespace, name);
  if (existing === undefined) throw new Error(`secret ${namespace}/${name} was there a moment ago`);
  const other = await otherOwner(client, existing, owner);
  if (other !== undefined) {
    throw new Error(
      `secret ${namespace}/${name} belongs to the cluster ${other}; rename the role, or give Secrets other names with secret_name_template`,
    );
  }
  const { apiVersion, kind, metadata } = wanted;
  const { uid, resourceVersion } = existing.metadata;
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

/** `namespace/name` of the cluster that the Secret belongs to, if it is another one than `owner`. */
async function otherOwner(
  client: Client,
  secret: KubeObject,
  owner: SecretOwner,
): Promise<string | undefined> {
  const { labels = {}, namespace = '' } = secret.metadata;
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
async function findByName(
  client: Client,
  kind: typeof kinds.secret,
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
