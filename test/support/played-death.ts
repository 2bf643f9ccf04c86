import { createServer, type Server } from 'node:http';
import type { Client } from '@pgherd/kube/client';
import {
  configMaps,
  endpoints,
  pods,
  type ContainerState,
  type Endpoints,
  type KubeObject,
  type Pod,
  type ResourceType,
} from '@pgherd/kube/objects';
import { eventually } from './eventually.ts';

const asPlayed = { fieldManager: 'played' };

/** Whole seconds, as a kubelet writes them. */
const kubeletTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/**
 * Kubelet and Patronis of one cluster of two, played by hand: nothing happens but what the test does. The primary is the
 * member 0; its replica answers as Patroni does.
 */
export class PlayedDeath {
  readonly primary: string;
  readonly replica: string;
  /** What happens while the replica is asked, before it answers. */
  onAsked: () => Promise<void> = async () => {};
  readonly #client: Client;
  readonly #name: string;
  readonly #store: 'endpoints' | 'configmaps';
  readonly #servers: Server[] = [];
  readonly #network = `127.${1 + Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`;
  readonly #startedAt = Date.now() - 600_000;

  constructor(client: Client, name: string, store: 'endpoints' | 'configmaps') {
    this.#client = client;
    this.#name = name;
    this.#store = store;
    this.primary = `${name}-0`;
    this.replica = `${name}-1`;
  }

  get lockKind(): ResourceType {
    return this.#store === 'endpoints' ? endpoints : configMaps;
  }

  get #lockName(): string {
    return this.#store === 'endpoints' ? this.#name : `${this.#name}-leader`;
  }

  /** Both run, the first leads since long ago, and renewed its lock a while ago. */
  async begin({ synchronous }: { synchronous: boolean }): Promise<void> {
    await this.#serve(this.#addressOf(this.replica));
    for (const [name, role] of [
      [this.primary, 'master'],
      [this.replica, 'replica'],
    ] as const) {
      // The StatefulSet makes the second when the first is ready.
      await eventually(`there is a pod ${name}`, async () => {
        return (await this.#client.find(pods, this.#key(name))) !== undefined;
      });
      await this.kubelet(name, { running: { startedAt: kubeletTime(this.#startedAt) } }, {});
      await this.patroni(name, role);
    }
    const config = { synchronous_mode: synchronous, maximum_lag_on_failover: 1000 };
    await this.#annotate(`${this.#name}-config`, { initialize: '1', config: JSON.stringify(config) });
    if (synchronous)
      await this.#annotate(`${this.#name}-sync`, { leader: this.primary, sync_standby: this.replica });
    await this.lead(this.primary, Date.now() - 10_000);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => new Promise((resolve) => server.close(() => resolve(undefined)))),
    );
  }

  /** `renewed`: when the holder wrote it, milliseconds since 1970. */
  async lead(pod: string, renewed = Date.now()): Promise<void> {
    const time = (ms: number): string => new Date(ms).toISOString().replace('Z', '123+00:00');
    const { uid = '', creationTimestamp = '' } = (await this.pod(pod)).metadata;
    const acquired = Math.max(Date.parse(creationTimestamp), renewed - 60_000);
    const annotations = {
      leader: pod,
      ttl: '30',
      acquireTime: time(acquired),
      renewTime: time(renewed),
      optime: '5000',
    };
    const address = { ip: this.#addressOf(pod), targetRef: { kind: 'Pod', name: pod, uid } };
    await this.#annotate(this.#lockName, annotations, [{ addresses: [address], ports: [{ port: 5432 }] }]);
  }

  async lock(): Promise<Endpoints> {
    return (await this.#client.get(this.lockKind, this.#key(this.#lockName))) as Endpoints;
  }

  async leader(): Promise<string | undefined> {
    return (await this.lock()).metadata?.annotations?.['leader'];
  }

  async pod(name: string): Promise<Pod> {
    return this.#client.get(pods, this.#key(name));
  }

  /** The primary's container has ended now, for the kubelet. */
  async die(reason = 'Error'): Promise<void> {
    await this.kubelet(this.primary, { terminated: this.#ended(reason) }, {});
  }

  /** The primary's container has ended, and another run goes on. */
  async restart(): Promise<void> {
    const startedAt = kubeletTime(Date.now() + 1000);
    await this.kubelet(this.primary, { running: { startedAt } }, { terminated: this.#ended('Error') });
  }

  #ended(reason: string): NonNullable<ContainerState['terminated']> {
    return {
      containerID: `played://${this.primary}-1`,
      reason,
      exitCode: 137,
      startedAt: kubeletTime(this.#startedAt),
      finishedAt: kubeletTime(Date.now()),
    };
  }

  /** Writes the status of a pod. */
  async kubelet(name: string, state: ContainerState, lastState: ContainerState): Promise<void> {
    const address = this.#addressOf(name);
    const container = {
      name: 'postgres',
      containerID: `played://${name}-1`,
      image: 'played',
      imageID: 'played',
      ready: state.running !== undefined,
      restartCount: 0,
      state,
      lastState,
    };
    const status = {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [
        {
          type: 'Ready',
          status: state.running === undefined ? 'False' : 'True',
          lastTransitionTime: kubeletTime(this.#startedAt),
        },
      ],
      containerStatuses: [container],
    };
    await this.#client.patchStatus(pods, this.#key(name), { type: 'merge', body: { status } }, asPlayed);
  }

  /** What a Patroni writes on its own pod. */
  async patroni(name: string, role: 'master' | 'replica'): Promise<void> {
    const status = {
      state: 'running',
      role: role === 'master' ? 'primary' : 'replica',
      api_url: `http://${this.#addressOf(name)}:8008/patroni`,
      xlog_location: 5000,
      timeline: 1,
      ...(role === 'master' ? {} : { replication_state: 'streaming' }),
    };
    const metadata = {
      labels: { 'spilo-role': role },
      annotations: { status: JSON.stringify(status) },
    };
    await this.#client.patch(pods, this.#key(name), { type: 'merge', body: { metadata } }, asPlayed);
  }

  #addressOf(pod: string): string {
    return `${this.#network}.${pod === this.primary ? 1 : 2}`;
  }

  async #serve(address: string): Promise<void> {
    const server = createServer((request, response) => {
      const answer = JSON.stringify({
        state: 'running',
        role: 'replica',
        timeline: 1,
        xlog: { received_location: 5000, replayed_location: 5000 },
      });
      const asked = request.url === '/patroni' ? this.onAsked() : Promise.resolve();
      asked.then(
        () => response.end(answer),
        () => response.writeHead(503).end(),
      );
    });
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(8008, address, resolve);
    });
  }

  async #annotate(name: string, annotations: Record<string, string>, subsets?: object[]): Promise<void> {
    const body = {
      metadata: { annotations },
      ...(subsets === undefined || this.#store === 'configmaps' ? {} : { subsets }),
    };
    if ((await this.#client.find(this.lockKind, this.#key(name))) === undefined) {
      const labels = { application: 'spilo', 'cluster-name': this.#name };
      const object = { ...body, metadata: { ...this.#key(name), labels, annotations } } as KubeObject;
      await this.#client.create(this.lockKind, object, asPlayed);
    } else {
      await this.#client.patch(this.lockKind, this.#key(name), { type: 'merge', body }, asPlayed);
    }
  }

  #key(name: string): { namespace: string; name: string } {
    return { namespace: 'default', name };
  }
}
