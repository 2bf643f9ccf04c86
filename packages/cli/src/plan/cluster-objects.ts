import type { Configuration } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import {
  clusterNamespaceLabel,
  clustersSelector,
  infrastructureOf,
  infrastructurePlaces,
  kinds,
  labelledKinds,
  type Kind,
  type ObjectSource,
} from '@pgherd/operator';

/** The objects of one cluster as the API server has them now. */
export interface ClusterObjects {
  source: ObjectSource;
  /** Kinds that the caller may not read: nothing can be said about them. */
  unreadable: Kind[];
  /** Whether the roles of all clusters are configured, and the caller may not read where they are written. */
  isInfrastructureHidden: boolean;
}

/** What is read, of one kind. */
interface Question {
  kind: Kind;
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/**
 * Reads with the caller's own rights: one list for each kind, and what pods, jobs and the configuration refer to by name.
 * `own`: the operator's namespace.
 */
export async function readClusterObjects(
  client: Client,
  configuration: Configuration,
  cluster: { namespace: string; name: string },
  own: string,
): Promise<ClusterObjects> {
  const unreadable = new Set<Kind>();
  const hidden = new Set<Kind>();
  const read = async (
    { kind, ...selection }: Question,
    refused: Set<Kind>,
  ): Promise<[string, KubeObject][]> => {
    try {
      const { items } = await client.list(kind, selection);
      return items.map((object) => [keyOf(kind, object.metadata.namespace, object.metadata.name), object]);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 403) throw error;
      refused.add(kind);
      return [];
    }
  };
  const readAll = async (questions: Question[], refused = unreadable) =>
    new Map((await Promise.all(questions.map((question) => read(question, refused)))).flat());
  const [parts, others, roles] = await Promise.all([
    readAll(partsOf(configuration, cluster)),
    readAll(othersOf(configuration, cluster.namespace)),
    readAll(infrastructureOfAll(configuration, own), hidden),
  ]);
  const isInfrastructureHidden = hidden.size > 0;
  const infrastructure = isInfrastructureHidden
    ? undefined
    : infrastructureOf(
        { get: (kind, namespace, name) => roles.get(keyOf(kind, namespace, name)) },
        configuration,
        own,
      );
  const source: ObjectSource = {
    get: (kind, namespace, name) => {
      const key = keyOf(kind, namespace, name);
      return parts.get(key) ?? others.get(key);
    },
    infrastructure: () => infrastructure,
    ofCluster: (kind) =>
      [...parts].filter(([key]) => key.startsWith(keyOf(kind))).map(([, object]) => object),
  };
  return { source, unreadable: [...unreadable], isInfrastructureHidden };
}

/** What the cluster consists of. */
function partsOf(configuration: Configuration, cluster: { namespace: string; name: string }): Question[] {
  const { namespace, name } = cluster;
  const parts = labelledKinds.map((kind): Question => {
    return {
      kind,
      namespace,
      labelSelector: clustersSelector(configuration, { parts: kind !== kinds.pod, cluster: name }),
    };
  });
  if (!configuration.enable_cross_namespace_secret) return parts;
  const elsewhere = `${clustersSelector(configuration, { parts: true, cluster: name })},${clusterNamespaceLabel}=${namespace}`;
  return [...parts, { kind: kinds.secret, labelSelector: elsewhere }];
}

/** What it refers to and is not its own. */
function othersOf(configuration: Configuration, namespace: string): Question[] {
  const {
    pod_service_account_name: account,
    pod_environment_secret: podSecret,
    pod_environment_configmap: configMap,
    logical_backup_cronjob_environment_secret: backupSecret,
  } = configuration;
  const named = (kind: Kind, name: string, where = namespace): Question[] =>
    name === '' ? [] : [{ kind, namespace: where, fieldSelector: `metadata.name=${name}` }];
  return [
    ...named(kinds.serviceAccount, account),
    ...named(kinds.roleBinding, account),
    ...named(kinds.secret, podSecret),
    ...named(kinds.secret, backupSecret),
    ...(configMap === undefined ? [] : named(kinds.configMap, configMap.name)),
    ...(configMap?.namespace === undefined
      ? []
      : named(kinds.configMap, configMap.name, configMap.namespace)),
  ];
}

/** Where the roles of all clusters may be written. */
function infrastructureOfAll(configuration: Configuration, own: string): Question[] {
  return infrastructurePlaces(configuration, own).flatMap(({ name, namespaces }) =>
    namespaces.flatMap((namespace) =>
      [kinds.secret, kinds.configMap].map((kind) => ({
        kind,
        namespace,
        fieldSelector: `metadata.name=${name}`,
      })),
    ),
  );
}

function keyOf(kind: Kind, namespace?: string, name?: string): string {
  return namespace === undefined ? `${kind.plural}/` : `${kind.plural}/${namespace}/${name ?? ''}`;
}
