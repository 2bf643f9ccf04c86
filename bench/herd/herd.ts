import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import { Cache, Reflector } from '@pgherd/kube/cache';
import { serviceAccounts, type KubeObject, type ResourceType } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { stringify } from 'yaml';
import { clusterManifest } from '../manifests.ts';
import type { ApiServerReady } from './api-server.ts';
import { changeManifests } from './first-write.ts';
import { install } from './installation.ts';
import { OperatorMetrics, total } from './operator-metrics.ts';
import { freePort, Process } from './processes.ts';
import { costOf, type Measured, type Stretch } from './stretch.ts';
import { until } from './until.ts';

type Cluster = KubeObject & { status?: { PostgresClusterStatus?: string } };
const clusterKind = postgresqls as ResourceType<Cluster>;

const namespace = 'default';
/** Manifests that are created at the same time. */
const creators = 16;

/** Everything that runs: API server, operator, and the played nodes and databases, each a process of its own. */
export class Herd {
  readonly #directory: string;
  readonly #client: Client;
  readonly #measured: Measured;
  readonly #stop = new AbortController();
  readonly #clusters = new Cache<Cluster>();

  private constructor(directory: string, client: Client, measured: Measured) {
    this.#directory = directory;
    this.#client = client;
    this.#measured = measured;
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
      writeFileSync(configuration, stringify({ resync_period: '24h', enable_patroni_api_tls: 'false' }));
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
      const herd = new Herd(directory, client, { apiServer, played, operator, metricsUrl });
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
    const { operator, played, apiServer } = this.#measured;
    for (const process of [operator, played, apiServer]) await process.end();
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
        const { passes, requests } = await OperatorMetrics.read(this.#measured.metricsUrl);
        const now = `${passes} ${total(requests)}`;
        if (now !== last) since = performance.now();
        last = now;
        return performance.now() - since > quietSeconds * 1000;
      },
      300,
    );
  }

  /** What this work costs, from its begin to its end. */
  cost(work: () => Promise<void>): Promise<Stretch> {
    return costOf(this.#measured, work);
  }

  /**
   * Makes the operator look at every cluster: something is noted on the service account that all of them share, which is
   * no difference to what they want of it.
   */
  async fullPass(note: string): Promise<void> {
    const before = (await OperatorMetrics.read(this.#measured.metricsUrl)).passes;
    const body = { metadata: { annotations: { 'bench.pgherd.dev/note': note } } };
    await this.#client.patch(serviceAccounts, { namespace, name: 'postgres-pod' }, { type: 'merge', body });
    const count = this.#clusters.size;
    await this.#until('a pass over every cluster', async () => {
      return (await OperatorMetrics.read(this.#measured.metricsUrl)).passes - before >= count;
    });
  }

  /** As `changeManifests`. */
  changeManifests(names: readonly string[], perSecond: number): Promise<number[]> {
    return changeManifests(this.#client, namespace, names, perSecond);
  }

  #until(
    what: string,
    probe: () => Promise<boolean> | boolean,
    timeoutSeconds?: number,
    why?: () => string,
  ): Promise<void> {
    const { apiServer, played, operator } = this.#measured;
    return until(what, probe, {
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(why === undefined ? {} : { why }),
      check: () => [apiServer, played, operator].forEach((process) => process.mustRun()),
    });
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
