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
import type { Configuration } from '@pgherd/api';
import { kinds, labelledKinds, postgresqls, type Kind } from '../kinds.ts';
import { clustersSelector } from '../labels.ts';
import { clusterNamespaceLabel } from '../names.ts';

type ObjectCache = Cache<KubeObject, 'cluster'>;

/** Kinds of which there is one object in each namespace, shared by its clusters and therefore without labels. */
const sharedKinds: readonly Kind[] = [kinds.serviceAccount, kinds.roleBinding];

/** The watch caches of one namespace, or of all at once. */
export class NamespaceCaches {
  readonly manifests: Cache<KubeObject>;
  readonly #configuration: Configuration;
  readonly #caches = new Map<string, ObjectCache>();

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
    const fieldSelector = `metadata.name=${configuration.pod_service_account_name}`;
    for (const kind of sharedKinds) {
      this.#caches.set(kind.plural, manager.cache(kind, { ...where, fieldSelector, indices }));
    }
  }

  of(kind: Kind): ObjectCache | undefined {
    return this.#caches.get(kind.plural);
  }

  /** Kinds that have not been listed yet; empty: all is known. */
  missing(): string[] {
    const caches: [string, { isSynced: boolean }][] = [[postgresqls.plural, this.manifests], ...this.#caches];
    return caches.filter(([, cache]) => !cache.isSynced).map(([plural]) => plural);
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
