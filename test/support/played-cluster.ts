import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Client } from '@pgherd/kube/client';
import {
  configMaps,
  endpoints,
  pods,
  secrets,
  statefulSets,
  type Pod,
  type ResourceType,
} from '@pgherd/kube/objects';

/** Patroni's dynamic configuration of a cluster that was just bootstrapped. */
const bootstrapped = { ttl: 30, loop_wait: 10, retry_timeout: 10 };

/** Patroni will not do that. */
class Refusal extends Error {}

/** Node and Patroni write as themselves: what they write is not the operator's. */
const asPlayed = { fieldManager: 'played' };

/**
 * The node and the Patronis of one cluster, played: pods "run" at once on loopback addresses of their own, label and
 * annotate themselves and hold a leader lock as Patroni does, and answer its REST API, protected where their pods are told
 * so. Heartbeats come with each turn.
 */
export class PlayedCluster {
  /** Every pod that became primary, in order. */
  readonly primaries: string[] = [];
  /** Ids of all pods that were ever seen, by name, in order. */
  readonly seen = new Map<string, string[]>();
  /** Goes around what is written through Patroni's REST API. */
  around: (what: string, act: () => Promise<string>) => Promise<string> = (_what, act) => act();
  readonly #client: Client;
  readonly #name: string;
  readonly #namespace: string;
  readonly #lockKind: ResourceType;
  readonly #lockName: string;
  readonly #addresses = new Map<string, string>();
  readonly #servers: { close(): unknown }[] = [];
  /** Loopback is a whole network; a random part of it keeps test runs on one machine apart. */
  readonly #network = `127.${1 + Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`;
  #turns: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(client: Client, name: string, store: 'endpoints' | 'configmaps', namespace = 'default') {
    this.#client = client;
    this.#name = name;
    this.#namespace = namespace;
    this.#lockKind = store === 'endpoints' ? endpoints : configMaps;
    this.#lockName = store === 'endpoints' ? name : `${name}-leader`;
    this.#turns = this.#play();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turns;
    for (const server of this.#servers) server.close();
  }

  /** Patroni's dynamic configuration. */
  async configuration(): Promise<Record<string, unknown>> {
    const object = await this.#client.find(this.#lockKind, this.#key(`${this.#name}-config`));
    return JSON.parse(object?.metadata.annotations?.['config'] ?? '{}') as Record<string, unknown>;
  }

  /** Gives the leader lock to a pod. */
  async lead(pod: string): Promise<void> {
    this.primaries.push(pod);
    await this.#annotate(this.#lockName, { leader: pod, ttl: '30', renewTime: new Date().toISOString() });
  }

  async #play(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#turn();
      } catch {
        // Somebody wrote in between; the next turn sees it.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #turn(): Promise<void> {
    const labelSelector = `cluster-name=${this.#name}`;
    const { items } = await this.#client.list(pods, { namespace: this.#namespace, labelSelector });
    for (const { metadata } of items) {
      const ids = this.seen.get(metadata.name ?? '') ?? [];
      if (!ids.includes(metadata.uid ?? '')) this.seen.set(metadata.name ?? '', [...ids, metadata.uid ?? '']);
    }
    const lock = await this.#client.find(this.#lockKind, this.#key(this.#lockName));
    let leader = lock?.metadata.annotations?.['leader'];
    const set = await this.#client.find(statefulSets, this.#key(this.#name));
    for (const pod of items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)) {
      await this.#client.delete(pods, this.#key(pod.metadata.name ?? ''), {
        gracePeriodSeconds: 0,
        ignoreNotFound: true,
      });
    }
    const alive = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (alive.length === 0 || set === undefined) return;
    if (alive.every(({ metadata }) => metadata.name !== leader)) {
      leader = alive[0]?.metadata.name ?? '';
      await this.lead(leader);
      if (Object.keys(await this.configuration()).length === 0) await this.#configure(bootstrapped);
    }
    for (const pod of alive) await this.#live(pod, pod.metadata.name === leader);
    await this.#annotate(this.#lockName, { renewTime: new Date().toISOString() });
  }

  /** One turn of a pod's life. */
  async #live(pod: Pod, leads: boolean): Promise<void> {
    if (pod.status?.phase !== 'Running') await this.#start(pod);
    const status = {
      state: 'running',
      role: leads ? 'primary' : 'replica',
      timeline: this.primaries.length,
      xlog_location: Date.now(),
      ...(leads ? {} : { replication_state: 'streaming' }),
    };
    const metadata = {
      labels: { 'spilo-role': leads ? 'master' : 'replica' },
      annotations: { status: JSON.stringify(status) },
    };
    await this.#client.patch(
      pods,
      this.#key(pod.metadata.name ?? ''),
      { type: 'merge', body: { metadata } },
      asPlayed,
    );
  }

  async #start(pod: Pod): Promise<void> {
    const name = pod.metadata.name ?? '';
    const known = this.#addresses.get(name);
    const address = known ?? `${this.#network}.${this.#addresses.size + 1}`;
    this.#addresses.set(name, address);
    if (known === undefined) await this.#serve(address, pod);
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const status = {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
      containerStatuses: [
        {
          name: 'postgres',
          image: 'played',
          imageID: 'played',
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: now } },
        },
      ],
    };
    await this.#client.patchStatus(
      pods,
      this.#key(pod.metadata.name ?? ''),
      { type: 'merge', body: { status } },
      asPlayed,
    );
  }

  /** As much of Patroni's REST API as the operator uses. */
  async #serve(address: string, pod: Pod): Promise<void> {
    const keys = await this.#apiKeys(pod);
    const login = `Basic ${Buffer.from(`patroni:${keys?.('restapi-password') ?? ''}`).toString('base64')}`;
    const listener: RequestListener = (request, response) => {
      if (keys !== undefined && request.method !== 'GET' && request.headers.authorization !== login) {
        response.writeHead(401).end('no auth header received');
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
        const { method = 'GET', url = '' } = request;
        const act = () => this.#answer(url, body);
        (method === 'GET' ? act() : this.around(`${method} ${url}`, act)).then(
          (text) => response.end(text),
          (error: unknown) => response.writeHead(error instanceof Refusal ? 412 : 503).end(String(error)),
        );
      });
    };
    const server =
      keys === undefined
        ? createServer(listener)
        : createSecureServer({ cert: keys('tls.crt'), key: keys('tls.key') }, listener);
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(8008, address, resolve);
    });
  }

  /** What the pod mounts to protect the API with; undefined when it does not. */
  async #apiKeys({ spec }: Pod): Promise<((key: string) => string) | undefined> {
    const name = spec?.volumes?.find((volume) => volume.name === 'patroni-api')?.secret?.secretName;
    if (name === undefined) return undefined;
    const { data } = await this.#client.get(secrets, this.#key(name));
    return (key) => Buffer.from(data?.[key] ?? '', 'base64').toString();
  }

  async #answer(path: string, body: Record<string, unknown>): Promise<string> {
    if (path === '/switchover') {
      const lock = await this.#client.find(this.#lockKind, this.#key(this.#lockName));
      if (lock?.metadata.annotations?.['leader'] !== body['leader'])
        throw new Refusal('leader name does not match');
      await this.lead(String(body['candidate']));
      return 'Successfully switched over';
    }
    // All members stand at the same place.
    if (path === '/patroni') {
      return JSON.stringify({ state: 'running', timeline: this.primaries.length, xlog: { location: 1 } });
    }
    if (path === '/config') {
      const merged = Object.entries({ ...(await this.configuration()), ...body });
      const next = Object.fromEntries(merged.filter(([, value]) => value !== null));
      await this.#configure(next);
      return JSON.stringify(next);
    }
    throw new Error(`${path} is not played`);
  }

  #configure(configuration: Record<string, unknown>): Promise<void> {
    return this.#annotate(`${this.#name}-config`, { initialize: '1', config: JSON.stringify(configuration) });
  }

  async #annotate(name: string, annotations: Record<string, string>): Promise<void> {
    const key = this.#key(name);
    if ((await this.#client.find(this.#lockKind, key)) === undefined) {
      const labels = { application: 'spilo', 'cluster-name': this.#name };
      await this.#client.create(this.#lockKind, { metadata: { ...key, labels, annotations } }, asPlayed);
    } else {
      await this.#client.patch(
        this.#lockKind,
        key,
        { type: 'merge', body: { metadata: { annotations } } },
        asPlayed,
      );
    }
  }

  #key(name: string): { namespace: string; name: string } {
    return { namespace: this.#namespace, name };
  }
}
