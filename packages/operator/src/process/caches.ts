import type { Configuration, Postgresql } from '@pgherd/api';
import type { Cache } from '@pgherd/kube/cache';
import type { KubeObject } from '@pgherd/kube/objects';
import {
  cacheSource,
  changedIn,
  ownKey,
  type Manager,
  type Predicate,
  type Source,
} from '@pgherd/kube/runtime';
import { isHeartbeatOnly, type AnnotatedObject } from '@pgherd/patroni';
import { kinds, labelledKinds, postgresqls, type Kind } from '../kinds.ts';
import { clustersSelector } from '../labels.ts';
import { clusterNamespaceLabel } from '../names.ts';
import type { ObjectSource } from '../observe/source.ts';

type ObjectCache = Cache<KubeObject, 'cluster'>;

/** An object that was made longer ago and is not in a cache has been deleted meanwhile. */
const freshMs = 5_000;

/** All watch caches of the operator. Everything that a pass reads comes from here. */
export class Caches implements ObjectSource {
  readonly #configuration: Configuration;
  readonly #manifests: Cache<KubeObject>;
  readonly #caches = new Map<string, ObjectCache>();

  constructor(manager: Manager, configuration: Configuration, namespace: string | undefined) {
    this.#configuration = configuration;
    const where = namespace === undefined ? {} : { namespace };
    this.#manifests = manager.cache<KubeObject>(postgresqls, where);
    const indices = { cluster: (object: KubeObject) => clusterKeys(configuration, object) };
    for (const kind of labelledKinds) {
      // Only objects of clusters: nobody else's Secrets are ever read.
      const labelSelector = clustersSelector(configuration, { parts: kind !== kinds.pod });
      this.#caches.set(kind.plural, manager.cache(kind, { ...where, labelSelector, indices }));
    }
    // One per namespace, shared by its clusters and therefore without labels.
    const fieldSelector = `metadata.name=${configuration.pod_service_account_name}`;
    for (const kind of [kinds.serviceAccount, kinds.roleBinding]) {
      this.#caches.set(kind.plural, manager.cache(kind, { ...where, fieldSelector, indices }));
    }
  }

  manifest(namespace: string, name: string): Postgresql | undefined {
    return this.#manifests.get({ namespace, name }) as Postgresql | undefined;
  }

  manifests(): Postgresql[] {
    return this.#manifests.list() as Postgresql[];
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    return this.#caches.get(kind.plural)?.get({ namespace, name });
  }

  ofCluster(kind: Kind, namespace: string, cluster: string): KubeObject[] {
    return this.#caches.get(kind.plural)?.byIndex('cluster', `${namespace}/${cluster}`) ?? [];
  }

  /** Takes in what was just written, so that the next pass does not plan it again. */
  written(kind: Kind, object: KubeObject): void {
    const cache = kind.plural === postgresqls.plural ? this.#manifests : this.#caches.get(kind.plural);
    const { namespace = '', name = '', creationTimestamp = '' } = object.metadata;
    const known = cache?.get({ namespace, name });
    if (known === undefined) {
      if (Math.abs(Date.now() - Date.parse(creationTimestamp)) < freshMs) cache?.upsert(object);
    } else if (known.metadata.uid === object.metadata.uid && isNewer(object, known)) {
      cache?.upsert(object);
    }
  }

  /** What starts a pass, and for which cluster. */
  sources(): Source[] {
    const ofCluster = (object: KubeObject) => clusterKeys(this.#configuration, object);
    const sharedIn: (object: KubeObject) => string[] = ({ metadata }) =>
      this.#manifests.list(metadata.namespace).flatMap(ownKey);
    return [
      cacheSource(this.#manifests, ownKey, manifestChanged),
      ...[...this.#caches].map(([plural, cache]) => {
        const isShared = plural === kinds.serviceAccount.plural || plural === kinds.roleBinding.plural;
        return cacheSource(cache, isShared ? sharedIn : ofCluster, moreThanHeartbeat);
      }),
    ];
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
function clusterKeys(configuration: Configuration, { metadata }: KubeObject): string[] {
  const cluster = metadata.labels?.[configuration.cluster_name_label];
  const namespace = metadata.labels?.[clusterNamespaceLabel] ?? metadata.namespace ?? '';
  return cluster === undefined ? [] : [`${namespace}/${cluster}`];
}

/** Resource versions are opaque, but where both are numbers the larger one is later (Kubernetes and our engine). */
function isNewer(object: KubeObject, known: KubeObject): boolean {
  const [one, other] = [Number(object.metadata.resourceVersion), Number(known.metadata.resourceVersion)];
  return Number.isSafeInteger(one) && Number.isSafeInteger(other) && one > other;
}
