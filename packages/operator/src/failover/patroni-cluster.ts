import type { Configuration } from '@pgherd/api';
import type { Pod } from '@pgherd/kube/objects';
import { movedTo, patroniObjectNames, type PatroniObjectNames } from '@pgherd/patroni';
import { kinds, type Kind } from '../kinds.ts';
import { storeOf } from '../observe/remembered.ts';
import type { ObjectSource } from '../observe/source.ts';

/** Where Patroni of a cluster keeps its state, and the pods, as the caches have them. */
export interface PatroniCluster {
  namespace: string;
  name: string;
  /** Endpoints or ConfigMap. */
  kind: Kind;
  names: PatroniObjectNames;
  pods: Pod[];
}

/**
 * Undefined for a cluster without pods, for one whose Patroni keeps its state elsewhere, and for one that moves or has
 * moved to another store: then there are two locks.
 */
export function patroniCluster(
  source: ObjectSource,
  configuration: Configuration,
  namespace: string,
  name: string,
): PatroniCluster | undefined {
  if (configuration.etcd_host !== '') return undefined;
  const pods = source.ofCluster(kinds.pod, namespace, name) as Pod[];
  const stores = new Set(pods.map(({ spec }) => storeOf(configuration, spec)));
  const [store] = stores;
  if (store === undefined || stores.size > 1) return undefined;
  const kind = store === 'endpoints' ? kinds.endpoints : kinds.configMap;
  const names = patroniObjectNames(name, store);
  if (movedTo(source.get(kind, namespace, names.leader)?.metadata.annotations) !== undefined)
    return undefined;
  return { namespace, name, kind, names, pods };
}
