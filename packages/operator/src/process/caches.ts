import type { Configuration, Postgresql } from '@pgherd/api';
import type { Cache } from '@pgherd/kube/cache';
import {
  persistentVolumes,
  type KubeObject,
  type Node,
  type PersistentVolume,
  type Pod,
  type Secret,
} from '@pgherd/kube/objects';
import type { RestAccess } from '@pgherd/patroni';
import { ownKey, togetherSource, type Manager, type Source } from '@pgherd/kube/runtime';
import { kinds, postgresqls, type Kind } from '../kinds.ts';
import type { Infrastructure } from '../observe/infrastructure-roles.ts';
import { isAt, patroniAccess } from '../observe/patroni-access.ts';
import type { ObjectSource } from '../observe/source.ts';
import { isNewer } from './is-newer.ts';
import { InfrastructureCaches } from './infrastructure-caches.ts';
import { NamedCaches } from './named-caches.ts';
import { NamespaceCaches } from './namespace-caches.ts';
import { NodeCaches, type NodeSight } from './node-caches.ts';
import type { Namespaces } from './namespaces.ts';
import { podEnvironmentObjects } from './pod-environment-objects.ts';

/** An object that was made longer ago and is not in a cache has been deleted meanwhile. */
const freshMs = 5_000;

/** All watch caches of the operator. Everything that a pass reads comes from here. */
export class Caches implements ObjectSource {
  /** By namespace; `*` alone is all of them. */
  readonly #namespaces = new Map<string, NamespaceCaches>();

  readonly #podEnvironment: NamedCaches;
  readonly #infrastructure: InfrastructureCaches;
  readonly #nodes: NodeCaches;

  /** `namespaces`: those of the configuration that may be read; `own`: the operator's. */
  constructor(
    manager: Manager,
    configuration: Configuration,
    namespaces: Namespaces,
    own: string,
    sight: NodeSight = { nodes: false, volumes: false },
  ) {
    this.#nodes = new NodeCaches(manager, sight);
    this.#podEnvironment = new NamedCaches(manager, podEnvironmentObjects(configuration, namespaces));
    this.#infrastructure = new InfrastructureCaches(manager, configuration, own);
    for (const namespace of namespaces === '*' ? ['*'] : namespaces) {
      const where = namespace === '*' ? undefined : namespace;
      this.#namespaces.set(namespace, new NamespaceCaches(manager, configuration, where));
    }
  }

  manifest(namespace: string, name: string): Postgresql | undefined {
    return this.#in(namespace)?.manifests.get({ namespace, name }) as Postgresql | undefined;
  }

  /** The manifests of all namespaces that are known completely. */
  manifests(): Postgresql[] {
    const known = [...this.#namespaces.values()].filter((caches) => caches.missing().length === 0);
    return known.flatMap(({ manifests }) => manifests.list() as Postgresql[]);
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    const ofClusters = this.#in(namespace)?.of(kind)?.get({ namespace, name });
    return ofClusters ?? this.#podEnvironment.get(kind, namespace, name);
  }

  /** Secrets of a cluster may be in other namespaces than itself. */
  ofCluster(kind: Kind, namespace: string, cluster: string): KubeObject[] {
    const key = `${namespace}/${cluster}`;
    return [...this.#namespaces.values()].flatMap((caches) => caches.of(kind)?.byIndex('cluster', key) ?? []);
  }

  /** The roles that every cluster gets; undefined when none are configured. */
  infrastructure(): Infrastructure | undefined {
    return this.#infrastructure.roles();
  }

  /** Calls `changed` with what is wrong with these roles, whenever they are known anew. */
  onInfrastructure(changed: (infrastructure: Infrastructure | undefined) => void): void {
    const tell = (): void => {
      if (this.#infrastructure.missing().length === 0) changed(this.infrastructure());
    };
    this.#infrastructure.onChange(tell);
    tell();
  }

  /** All nodes; undefined: nobody may look, or they have not been listed yet. */
  nodes(): readonly Node[] | undefined {
    return this.#nodes.nodes();
  }

  volume(name: string): PersistentVolume | 'unknown' | 'hidden' | undefined {
    return this.#nodes.volume(name);
  }

  /** How many bytes a pod was behind the primary when it was measured last. */
  lagOf(namespace: string, pod: string): number | undefined {
    return this.#in(namespace)?.lagOf(namespace, pod);
  }

  /** How the Patroni at a pod's address is spoken to; undefined: in the clear. Throws as `patroniAccess` does. */
  patroniAccess(address: string): RestAccess | undefined {
    for (const caches of this.#namespaces.values()) {
      const pod = (caches.of(kinds.pod)?.list() as Pod[] | undefined)?.find((each) => isAt(each, address));
      const secretOf = (name: string) =>
        caches.of(kinds.secret)?.get({ namespace: pod?.metadata.namespace ?? '', name }) as
          | Secret
          | undefined;
      if (pod !== undefined) return patroniAccess(pod, secretOf);
    }
    return undefined;
  }

  watches(namespace: string): boolean {
    return this.#in(namespace) !== undefined;
  }

  /** Whether everything in this namespace has been listed: what is not there does not exist. */
  isKnown(namespace: string): boolean {
    const shared = [...this.#podEnvironment.missing(), ...this.#infrastructure.missing()];
    return this.#in(namespace)?.missing().length === 0 && shared.length === 0;
  }

  /** Takes in what was just written, so that the next pass does not plan it again. */
  written(kind: Kind, object: KubeObject): void {
    if (kind.plural === persistentVolumes.plural) return this.#nodes.written(object as PersistentVolume);
    const { namespace = '', name = '', creationTimestamp = '' } = object.metadata;
    const caches = this.#in(namespace);
    const cache: Cache<KubeObject> | undefined =
      kind.plural === postgresqls.plural ? caches?.manifests : caches?.of(kind);
    const known = cache?.get({ namespace, name });
    if (known === undefined) {
      if (Math.abs(Date.now() - Date.parse(creationTimestamp)) < freshMs) cache?.upsert(object);
    } else if (known.metadata.uid === object.metadata.uid && isNewer(object, known)) {
      cache?.upsert(object);
    }
  }

  /** What starts a pass, and for which cluster. A namespace that cannot be read holds up no other. */
  sources(): Source[] {
    const clusters = () => this.manifests().flatMap(ownKey);
    return [
      ...[...this.#namespaces.values()].map((caches) => togetherSource(caches.sources())),
      ...[...this.#podEnvironment.sources(clusters), ...this.#infrastructure.sources(clusters)].map(
        (source) => togetherSource([source]),
      ),
      ...[
        ...this.#nodes.sources((node) => this.#clustersOn(node)),
        ...this.#nodes.volumeSources((volume) => this.#clusterOn(volume)),
      ].map((source) => togetherSource([source])),
    ];
  }

  /** What may mean that the primary of a cluster has died, or that another member leads. */
  failoverSources(): Source[] {
    return [...this.#namespaces.values()].map((caches) => togetherSource(caches.failoverSources()));
  }

  /** What could not be listed yet, by namespace. */
  missing(): Map<string, string[]> {
    const missing = [...this.#namespaces].map(([name, caches]) => [name, caches.missing()] as const);
    const shared = [
      ['pod environment', this.#podEnvironment.missing()],
      ['infrastructure roles', this.#infrastructure.missing()],
    ] as const;
    return new Map([...missing, ...shared].filter(([, plurals]) => plurals.length > 0));
  }

  /** Clusters with a pod there, or on a node that takes no pods: these may wait for one that does. */
  #clustersOn({ metadata }: Node): string[] {
    const closed = (this.nodes() ?? []).filter(({ spec }) => spec?.unschedulable || spec?.taints?.length);
    const names = new Set([metadata.name, ...closed.map((node) => node.metadata.name)]);
    return [...this.#namespaces.values()].flatMap((caches) =>
      caches.clustersOf(kinds.pod, (pod) => names.has((pod as Pod).spec?.nodeName)),
    );
  }

  /** The cluster whose claim is bound to the volume. */
  #clusterOn({ spec }: PersistentVolume): string[] {
    const { namespace = '', name = '' } = spec?.claimRef ?? {};
    return this.#in(namespace)?.clusterOf(kinds.claim, namespace, name) ?? [];
  }

  #in(namespace: string): NamespaceCaches | undefined {
    return this.#namespaces.get('*') ?? this.#namespaces.get(namespace);
  }
}
