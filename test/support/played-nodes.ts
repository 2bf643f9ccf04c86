import type { Client } from '@pgherd/kube/client';
import { nodes, pods, type Pod } from '@pgherd/kube/objects';

/** Nodes of one Kubernetes, and the scheduler that gives each of them one of a cluster's pods. */
export class PlayedNodes {
  readonly #client: Client;
  readonly #cluster: string;
  readonly #end = new AbortController();
  readonly #turns: Promise<void>;

  /** Puts each new pod of the cluster in the namespace `default` on the first node that is not cordoned and has none. */
  constructor(client: Client, cluster: string) {
    this.#client = client;
    this.#cluster = cluster;
    this.#turns = this.#play();
  }

  /** The volumes of this Kubernetes can only be used on the host `played`: all nodes call themselves so by default. */
  async make(node: string, host = 'played'): Promise<void> {
    await this.#client.create(nodes, {
      metadata: { name: node, labels: { 'kubernetes.io/hostname': host } },
    });
  }

  async cordon(node: string, unschedulable = true): Promise<void> {
    await this.#client.patch(nodes, { name: node }, { type: 'merge', body: { spec: { unschedulable } } });
  }

  async members(): Promise<Pod[]> {
    const labelSelector = `cluster-name=${this.#cluster}`;
    return (await this.#client.list(pods, { namespace: 'default', labelSelector })).items;
  }

  /** Where members are, by name. */
  async places(): Promise<Record<string, string>> {
    const all = await this.members();
    return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name ?? '', spec?.nodeName ?? '']));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#turns;
  }

  async #play(): Promise<void> {
    while (!this.#end.signal.aborted) {
      // Somebody wrote in between; the next turn sees it.
      await this.#schedule().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #schedule(): Promise<void> {
    const all = await this.members();
    const { items } = await this.#client.list(nodes);
    for (const { metadata, spec } of all) {
      if (spec?.nodeName !== undefined || metadata.deletionTimestamp !== undefined) continue;
      const used = new Set(Object.values(await this.places()));
      const node = items
        .filter((each) => each.spec?.unschedulable !== true)
        .map((each) => each.metadata.name ?? '')
        .sort()
        .find((each) => !used.has(each));
      if (node === undefined) continue;
      await this.#client.raw('POST', `/api/v1/namespaces/default/pods/${metadata.name}/binding`, {
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: metadata.name },
          target: { apiVersion: 'v1', kind: 'Node', name: node },
        },
      });
    }
  }
}
