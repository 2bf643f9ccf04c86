import type { Cache } from '@pgherd/kube/cache';
import { systemClock, type KubeObject } from '@pgherd/kube/objects';
import {
  cacheSource,
  changedIn,
  ownKey,
  type Manager,
  type Predicate,
  type Source,
} from '@pgherd/kube/runtime';
import { isHeartbeatOnly, type AnnotatedObject } from '@pgherd/patroni';
import { readStatus, type Configuration, type Postgresql } from '@pgherd/api';
import { kinds, labelledKinds, postgresqls, type Kind } from '../kinds.ts';
import { clusterNamespaceOf, clustersSelector } from '../labels.ts';
import { patroniWakes, podWakes } from '../failover/wakes.ts';
import { LagWatch } from '../observe/lag-watch.ts';

type ObjectCache = Cache<KubeObject, 'cluster'>;

/** Kinds of which there is one object in each namespace, shared by its clusters and therefore without labels. */
const sharedKinds: readonly Kind[] = [kinds.serviceAccount, kinds.roleBinding];

/** The watch caches of one namespace, or of all at once. */
export class NamespaceCaches {
  readonly manifests: Cache<KubeObject>;
  readonly #configuration: Configuration;
  readonly #caches = new Map<string, ObjectCache>();
  readonly #lags: LagWatch;

  constructor(manager: Manager, configuration: Configuration, namespace: string | undefined) {
    this.#configuration = configuration;
    const where = namespace === undefined ? {} : { namespace };
    this.manifests = manager.cache<KubeObject>(postgresqls, where);
    const indices = { cluster: (object: KubeObject) => clusterKeys(configuration, object) };
    for (const kind of labelledKinds) {
      // Only objects of clusters: nobody else's Secrets are ever read.
      const labelSelector = clustersSelector(configuration, { parts: kind !== kinds.pod });
      this.#caches.set(kind.plural, manager.cache(kind, { ...where, labelSelector, indices }));
    }
    this.#lags = this.#lagWatch();
    const fieldSelector = `metadata.name=${configuration.pod_service_account_name}`;
    for (const kind of sharedKinds) {
      this.#caches.set(kind.plural, manager.cache(kind, { ...where, fieldSelector, indices }));
    }
  }

  of(kind: Kind): ObjectCache | undefined {
    return this.#caches.get(kind.plural);
  }

  /** Clusters (`namespace/name`) that have an object of this kind of which this is true. */
  clustersOf(kind: Kind, isMeant: (object: KubeObject) => boolean): string[] {
    const objects = this.of(kind)?.list().filter(isMeant) ?? [];
    return [...new Set(objects.flatMap((object) => clusterKeys(this.#configuration, object)))];
  }

  /** The cluster (`namespace/name`) that this object belongs to. */
  clusterOf(kind: Kind, namespace: string, name: string): string[] {
    const object = this.of(kind)?.get({ namespace, name });
    return object === undefined ? [] : clusterKeys(this.#configuration, object);
  }

  /** Kinds that have not been listed yet; empty: all is known. */
  missing(): string[] {
    const caches: [string, { isSynced: boolean }][] = [[postgresqls.plural, this.manifests], ...this.#caches];
    return caches.filter(([, cache]) => !cache.isSynced).map(([plural]) => plural);
  }

  /** How many bytes a pod was behind the primary when it was measured last. */
  lagOf(namespace: string, pod: string): number | undefined {
    return this.#lags.lagOf(namespace, pod);
  }

  /** What starts a pass, and for which cluster. */
  sources(): Source[] {
    const ofCluster = (object: KubeObject) => clusterKeys(this.#configuration, object);
    const sharedIn: (object: KubeObject) => string[] = ({ metadata }) =>
      this.manifests.list(metadata.namespace).flatMap(ownKey);
    return [
      cacheSource(this.manifests, ownKey, manifestChanged),
      ...[...this.#caches].map(([plural, cache]) => {
        const isShared = sharedKinds.some((kind) => kind.plural === plural);
        return cacheSource(cache, isShared ? sharedIn : ofCluster, (old, current) => {
          const isLagNews = this.#isLagNews(plural, old, current);
          return isLagNews || moreThanHeartbeat(old, current);
        });
      }),
    ];
  }

  /** What may mean that a primary has died, or that another member leads. */
  failoverSources(): Source[] {
    const ofCluster = (object: KubeObject) => clusterKeys(this.#configuration, object);
    const wakes: [Kind, Predicate<KubeObject>][] = [
      [kinds.pod, podWakes(this.#configuration)],
      [kinds.endpoints, patroniWakes],
      [kinds.configMap, patroniWakes],
    ];
    return [
      cacheSource(this.manifests, ownKey, (old) => old === undefined),
      ...wakes.flatMap(([kind, predicate]) => {
        const cache = this.of(kind);
        return cache === undefined ? [] : [cacheSource(cache, ofCluster, predicate)];
      }),
    ];
  }

  #isLagNews(plural: string, old: KubeObject | undefined, current: KubeObject | undefined): boolean {
    if (plural === kinds.pod.plural) return this.#lags.podChanged(old, current);
    const isPatronis = plural === kinds.endpoints.plural || plural === kinds.configMap.plural;
    return isPatronis && this.#lags.leaderChanged(current);
  }

  #lagWatch(): LagWatch {
    const find = (kind: Kind, cluster: string, name: string) =>
      this.of(kind)?.get({ namespace: cluster.split('/')[0] ?? '', name });
    return new LagWatch({
      clusterOf: (object) => clusterKeys(this.#configuration, object)[0],
      podsOf: (cluster) => this.of(kinds.pod)?.byIndex('cluster', cluster) ?? [],
      leaderObject: (cluster, name) =>
        [kinds.endpoints, kinds.configMap]
          .map((kind) => find(kind, cluster, name))
          .find((object) => object?.metadata.annotations?.['leader'] !== undefined),
      status: (cluster) => {
        const [namespace = '', name = ''] = cluster.split('/');
        return readStatus((this.manifests.get({ namespace, name }) as Postgresql | undefined)?.status);
      },
      clock: systemClock,
    });
  }
}

/** Everything of a manifest but its status, which is ours. */
const manifestChanged = changedIn<KubeObject>(({ metadata }) => [
  metadata.uid,
  metadata.generation,
  metadata.deletionTimestamp,
  metadata.annotations,
  metadata.labels,
  metadata.finalizers,
]);

const moreThanHeartbeat: Predicate<KubeObject> = (old, current) =>
  old === undefined ||
  current === undefined ||
  !isHeartbeatOnly(old as KubeObject & AnnotatedObject, current as KubeObject & AnnotatedObject);

/** `namespace/name` of the cluster that an object belongs to. */
function clusterKeys(configuration: Configuration, object: KubeObject): string[] {
  const cluster = object.metadata.labels?.[configuration.cluster_name_label];
  return cluster === undefined ? [] : [`${clusterNamespaceOf(object)}/${cluster}`];
}
