import { Reflector } from '@pgherd/kube/cache';
import type { Client } from '@pgherd/kube/client';
import { configMaps, endpoints, pods, type KubeObject, type ResourceType } from '@pgherd/kube/objects';

/** An object as it became, and when that was heard. */
export interface Seen {
  kind: 'pod' | 'endpoints' | 'configmap';
  name: string;
  object: KubeObject;
  /** Milliseconds since 1970, by this machine's clock. */
  at: number;
}

/** How much is kept: several minutes of some clusters. */
const most = 5_000;

/** Hears what the API server tells everybody: pods, and the objects in which Patroni keeps its lock. */
export class Observer {
  readonly #end = new AbortController();
  readonly #seen: Seen[] = [];

  constructor(client: Client, namespace: string) {
    const watch = <T extends KubeObject>(kind: Seen['kind'], resource: ResourceType<T>): void => {
      const take = (object: T): void => this.#take(kind, object);
      const target = { replace: () => {}, upsert: take, remove: take };
      void new Reflector({ client, resource, target, selection: { namespace } }).run(this.#end.signal);
    };
    watch('pod', pods);
    watch('endpoints', endpoints);
    watch('configmap', configMaps);
  }

  /** What became of the objects of a cluster since then, in order. */
  since(at: number, cluster: string): Seen[] {
    const isOfIt = (name: string): boolean => name === cluster || name.startsWith(`${cluster}-`);
    return this.#seen.filter((seen) => seen.at >= at && isOfIt(seen.name));
  }

  close(): void {
    this.#end.abort();
  }

  #take(kind: Seen['kind'], object: KubeObject): void {
    this.#seen.push({ kind, name: object.metadata.name ?? '', object, at: Date.now() });
    if (this.#seen.length > most) this.#seen.splice(0, most / 2);
  }
}
