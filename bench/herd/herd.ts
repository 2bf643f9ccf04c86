import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import { Cache, Reflector } from '@pgherd/kube/cache';
import {
  serviceAccounts,
  services,
  silentLogger,
  type KubeObject,
  type ResourceType,
  type Service,
} from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { stringify } from 'yaml';
import { clusterManifest } from '../manifests.ts';
import { cpuSeconds, peakMiB, resetPeak } from '../process-cost.ts';
import type { ApiServerReady } from './api-server.ts';
import { install } from './installation.ts';
import { difference, OperatorMetrics, total } from './operator-metrics.ts';
import type { HerdRequests } from './played-herd.ts';
import { freePort, Process } from './processes.ts';

type Cluster = KubeObject & { status?: { PostgresClusterStatus?: string } };
const clusterKind = postgresqls as ResourceType<Cluster>;

const namespace = 'default';
/** How often a condition is looked at, in milliseconds. */
const pollMs = 50;
/** Manifests that are created at the same time. */
const creators = 16;

/** What a stretch of time cost. */
export interface Stretch {
  seconds: number;
  /** Passes of the operator over a cluster. */
  passes: number;
  /** Requests of the operator, by `verb resource`; without beginnings of watches, its lease, and events. */
  requests: Record<string, number>;
  /** Events that the operator wrote. */
  events: number;
  operator: { cpuSeconds: number; peakMiB: number };
  apiServer: { cpuSeconds: number; peakMiB: number };
  /** Requests of the pretended nodes and Patronis, by `verb resource code`. */
  herd: HerdRequests;
}

interface Moment {
  at: number;
  metrics: OperatorMetrics;
  operatorCpu: number;
  apiServerCpu: number;
  herd: HerdRequests;
}

/** Everything that runs: API server, operator, and the played nodes and databases, each a process of its own. */
export class Herd {
  readonly #directory: string;
  readonly #apiServer: Process;
  readonly #played: Process;
  readonly #operator: Process;
  readonly #client: Client;
  readonly #metricsUrl: string;
  readonly #stop = new AbortController();
  readonly #clusters = new Cache<Cluster>();

  private constructor(parts: {
    directory: string;
    apiServer: Process;
    played: Process;
    operator: Process;
    client: Client;
    metricsUrl: string;
  }) {
    this.#directory = parts.directory;
    this.#apiServer = parts.apiServer;
    this.#played = parts.played;
    this.#operator = parts.operator;
    this.#client = parts.client;
    this.#metricsUrl = parts.metricsUrl;
    const { signal } = this.#stop;
    void new Reflector<Cluster>({ client: this.#client, resource: clusterKind, target: this.#clusters }).run(
      signal,
    );
  }

  /** Starts all of it, in a new directory. Each cluster has a heartbeat every so many seconds. */
  static async create(loopWaitSeconds: number): Promise<Herd> {
    const directory = mkdtempSync(join(tmpdir(), 'pgherd-herd-'));
    const begun: Process[] = [];
    try {
      const apiServer = Process.module('api-server', 'api-server.ts', directory);
      begun.push(apiServer);
      const { kubeconfig } = await apiServer.message<ApiServerReady>();
      const { client } = await connect({ kubeconfig });
      await install(client);
      const pki = join(directory, 'pki');
      const certificate = [join(pki, 'server.crt'), join(pki, 'server.key')];
      const played = Process.module(
        'played-herd',
        'played-herd.ts',
        String(loopWaitSeconds),
        kubeconfig,
        ...certificate,
      );
      begun.push(played);
      const configuration = join(directory, 'operator.yaml');
      // Full passes are asked for when they are measured.
      writeFileSync(configuration, stringify({ resync_period: '24h' }));
      const port = await freePort();
      const operator = Process.pgherd(
        'operator',
        'operator',
        'run',
        `--http-port=${port}`,
        `--configuration=${configuration}`,
        `--kubeconfig=${await apiServer.ask<string>('default/postgres-operator')}`,
      );
      begun.push(operator);
      const metricsUrl = `http://127.0.0.1:${port}/metrics`;
      const herd = new Herd({ directory, apiServer, played, operator, client, metricsUrl });
      await herd.#until('the operator answers', () => OperatorMetrics.read(metricsUrl).then(() => true));
      return herd;
    } catch (error) {
      for (const process of begun.reverse()) await process.end();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends all of it and removes what it wrote. */
  async remove(): Promise<void> {
    this.#stop.abort();
    this.#client.close();
    for (const process of [this.#operator, this.#played, this.#apiServer]) await process.end();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get names(): string[] {
    return this.#clusters.list().map(({ metadata }) => metadata.name ?? '');
  }

  /**
   * Creates clusters of two members each and waits until all are `Running`. Answers the seconds that each took from the
   * request that created its manifest.
   */
  async createClusters(count: number, timeoutSeconds: number): Promise<number[]> {
    const begun = new Map<string, number>();
    const took = new Map<string, number>();
    const end = this.#clusters.onChange((_old, current) => {
      const name = current?.metadata.name ?? '';
      const begin = begun.get(name);
      if (begin === undefined || took.has(name) || wordOf(current) !== 'Running') return;
      took.set(name, (performance.now() - begin) / 1000);
    });
    const names = Array.from({ length: count }, (_, index) => `acid-herd-${String(index).padStart(4, '0')}`);
    await inParallel(names, creators, async (name) => {
      begun.set(name, performance.now());
      const manifest = clusterManifest({ name, instances: 2 });
      await this.#client.create(postgresqls, manifest as unknown as KubeObject);
    });
    const done = (): boolean => took.size === count;
    await this.#until('all clusters are Running', done, timeoutSeconds, () => this.#notRunning());
    end();
    return [...took.values()];
  }

  #notRunning(): string {
    const others = this.#clusters.list().filter((cluster) => wordOf(cluster) !== 'Running');
    const some = others
      .slice(0, 3)
      .map((cluster) => `${cluster.metadata.name} is ${wordOf(cluster) || 'new'}`);
    return `${others.length} are not; ${some.join(', ')}`;
  }

  /** Waits until the operator has had nothing to do for so long. */
  async settle(quietSeconds: number): Promise<void> {
    let last = '';
    let since = performance.now();
    await this.#until(
      'the operator comes to rest',
      async () => {
        const { passes, requests } = await OperatorMetrics.read(this.#metricsUrl);
        const now = `${passes} ${total(requests)}`;
        if (now !== last) since = performance.now();
        last = now;
        return performance.now() - since > quietSeconds * 1000;
      },
      300,
    );
  }

  /** What this work costs, from its begin to its end. */
  async cost(work: () => Promise<void>): Promise<Stretch> {
    resetPeak(this.#operator.pid);
    resetPeak(this.#apiServer.pid);
    const before = await this.#moment();
    await work();
    const after = await this.#moment();
    return {
      seconds: (after.at - before.at) / 1000,
      passes: after.metrics.passes - before.metrics.passes,
      requests: difference(before.metrics.requests, after.metrics.requests),
      events: after.metrics.events - before.metrics.events,
      operator: {
        cpuSeconds: after.operatorCpu - before.operatorCpu,
        peakMiB: peakMiB(this.#operator.pid),
      },
      apiServer: {
        cpuSeconds: after.apiServerCpu - before.apiServerCpu,
        peakMiB: peakMiB(this.#apiServer.pid),
      },
      herd: {
        kubelet: difference(before.herd.kubelet, after.herd.kubelet),
        patroni: difference(before.herd.patroni, after.herd.patroni),
      },
    };
  }

  async #moment(): Promise<Moment> {
    const herd = await this.#played.ask<HerdRequests>('requests');
    const metrics = await OperatorMetrics.read(this.#metricsUrl);
    const [operatorCpu, apiServerCpu] = [cpuSeconds(this.#operator.pid), cpuSeconds(this.#apiServer.pid)];
    return { at: performance.now(), metrics, operatorCpu, apiServerCpu, herd };
  }

  /**
   * Makes the operator look at every cluster: something is noted on the service account that all of them share, which is
   * no difference to what they want of it.
   */
  async fullPass(note: string): Promise<void> {
    const before = (await OperatorMetrics.read(this.#metricsUrl)).passes;
    const body = { metadata: { annotations: { 'bench.pgherd.dev/note': note } } };
    await this.#client.patch(serviceAccounts, { namespace, name: 'postgres-pod' }, { type: 'merge', body });
    const count = this.#clusters.size;
    await this.#until('a pass over every cluster', async () => {
      return (await OperatorMetrics.read(this.#metricsUrl)).passes - before >= count;
    });
  }

  /**
   * Changes manifests one after the other, so many in a second, whatever becomes of the earlier ones. Answers for each the
   * seconds from sending the change to hearing of the first object that the operator wrote for it.
   */
  async changeManifests(names: readonly string[], perSecond: number): Promise<number[]> {
    const begun = new Map<string, number>();
    const took = new Map<string, number>();
    const stop = new AbortController();
    const seen = new Cache<Service>();
    void new Reflector<Service>({
      client: this.#client,
      resource: services,
      target: seen,
      logger: silentLogger,
    }).run(stop.signal);
    await seen.synced;
    const mark = String(Date.now());
    seen.onChange((_old, current) => {
      const name = current?.metadata.labels?.['cluster-name'] ?? '';
      const begin = begun.get(name);
      if (begin === undefined || took.has(name)) return;
      if (current?.metadata.annotations?.['bench.pgherd.dev/mark'] !== mark) return;
      took.set(name, (performance.now() - begin) / 1000);
    });
    const body = { spec: { serviceAnnotations: { 'bench.pgherd.dev/mark': mark } } };
    const sent: Promise<unknown>[] = [];
    const start = performance.now();
    for (const [index, name] of names.entries()) {
      const wait = start + (index * 1000) / perSecond - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      begun.set(name, performance.now());
      sent.push(this.#client.patch(postgresqls, { namespace, name }, { type: 'merge', body }));
    }
    await Promise.all(sent);
    await this.#until('every change has led to a write', () => took.size === names.length);
    stop.abort();
    return [...took.values()];
  }

  async #until(
    what: string,
    probe: () => Promise<boolean> | boolean,
    timeoutSeconds = 120,
    why: () => string = () => '',
  ): Promise<void> {
    const deadline = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      for (const process of [this.#apiServer, this.#played, this.#operator]) process.mustRun();
      if (await Promise.resolve(probe()).catch(() => false)) return;
      if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutSeconds} s. ${why()}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

const wordOf = (cluster: Cluster | undefined): string => cluster?.status?.PostgresClusterStatus ?? '';

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
