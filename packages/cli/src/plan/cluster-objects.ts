import type { Client } from '@pgherd/kube/client';
import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import { kinds, labelledKinds, type Kind, type ObjectSource } from '@pgherd/operator';
import type { Configuration } from '@pgherd/api';

/** The objects of one cluster as the API server has them now. */
export interface ClusterObjects {
  source: ObjectSource;
  /** Kinds that the caller may not read: nothing can be said about them. */
  unreadable: Kind[];
}

/** Reads with the caller's own rights: one list for each kind, and the service account of the pods. */
export async function readClusterObjects(
  client: Client,
  configuration: Configuration,
  cluster: { namespace: string; name: string },
): Promise<ClusterObjects> {
  const { namespace, name } = cluster;
  const labelSelector = `${configuration.cluster_name_label}=${name}`;
  const lists = new Map<string, KubeObject[]>();
  const unreadable: Kind[] = [];
  const read = async (kind: Kind, selection: { labelSelector: string } | { fieldSelector: string }) => {
    try {
      lists.set(kind.plural, (await client.list(kind, { namespace, ...selection })).items);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 403) throw error;
      unreadable.push(kind);
    }
  };
  const fieldSelector = `metadata.name=${configuration.pod_service_account_name}`;
  await Promise.all([
    ...labelledKinds.map((kind) => read(kind, { labelSelector })),
    ...[kinds.serviceAccount, kinds.roleBinding].map((kind) => read(kind, { fieldSelector })),
  ]);
  const podEnvironment = await readPodEnvironment(client, configuration, namespace);
  const source: ObjectSource = {
    get: (kind, inNamespace, named) =>
      podEnvironment.get(`${kind.plural}/${inNamespace}/${named}`) ??
      lists
        .get(kind.plural)
        ?.find(({ metadata }) => metadata.name === named && metadata.namespace === inNamespace),
    ofCluster: (kind) => lists.get(kind.plural) ?? [],
  };
  return { source, unreadable };
}

/**
 * Secret and ConfigMap that all pods get variables from, by `plural/namespace/name`. One that the caller may not read
 * is left out, like one that does not exist.
 */
async function readPodEnvironment(
  client: Client,
  configuration: Configuration,
  namespace: string,
): Promise<Map<string, KubeObject>> {
  const { pod_environment_secret: secret, pod_environment_configmap: configMap } = configuration;
  const found = new Map<string, KubeObject>();
  const read = async (kind: Kind, where: string | undefined, name: string) => {
    if (where === undefined || name === '') return;
    try {
      const object = await client.find<KubeObject>(kind, { namespace: where, name });
      if (object !== undefined) found.set(`${kind.plural}/${where}/${name}`, object);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 403) throw error;
    }
  };
  await Promise.all([
    read(kinds.secret, namespace, secret),
    read(kinds.configMap, configMap?.namespace, configMap?.name ?? ''),
    read(kinds.configMap, namespace, configMap?.name ?? ''),
  ]);
  return found;
}
