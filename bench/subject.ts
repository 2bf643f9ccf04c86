import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type Client } from '@pgherd/kube/client';
import { pods, type KubeObject, type Pod, type ResourceType } from '@pgherd/kube/objects';

import { askPatroni } from '../test/support/patroni-api.ts';

const pgherd = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), 'packages/cli/bin/pgherd');

const postgresqls: ResourceType<KubeObject & { status?: { PostgresClusterStatus?: string } }> = {
  group: 'acid.zalan.do',
  version: 'v1',
  plural: 'postgresqls',
  kind: 'postgresql',
  namespaced: true,
};

/** How often a condition is looked at; the resolution of the measured times, in milliseconds. */
const pollMs = 20;

async function until(what: string, probe: () => Promise<boolean>, timeoutMs = 300_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await new Promise((done) => setTimeout(done, pollMs));
  }
}

/** The part of Patroni's `GET /patroni` that matters here. */
interface MemberState {
  role?: string;
  state?: string;
  replication?: { state: string }[];
}

/** What a member says of itself over Patroni's REST API; undefined while nothing answers. */
async function memberState(pod: Pod): Promise<MemberState | undefined> {
  try {
    const { body } = await askPatroni(pod, 'GET', '/patroni', { timeoutMs: 1000 });
    return JSON.parse(body) as MemberState;
  } catch {
    return undefined;
  }
}

/** What is measured: an instance of `pgherd local` of its own, with its operator. */
export class Subject {
  private readonly home: string;
  private connected: Client | undefined;

  private constructor(home: string) {
    this.home = home;
  }

  /** A fresh instance; leftovers of an interrupted run are removed first. */
  static async create(name: string): Promise<Subject> {
    const subject = new Subject(join(tmpdir(), `pgherd-${name}`));
    await subject.remove();
    await subject.up();
    return subject;
  }

  private command(...args: string[]): string {
    const result = spawnSync(pgherd, [...args, '--home', this.home], { encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`pgherd ${args.join(' ')} failed: ${result.stderr}`);
    return result.stdout;
  }

  private get client(): Client {
    if (this.connected === undefined) throw new Error('the instance is down');
    return this.connected;
  }

  /** Starts it; answers the milliseconds until the API server was ready. */
  async up(): Promise<number> {
    const result = JSON.parse(this.command('local', 'up', '-o', 'json')) as {
      apiReadyMs: number;
      kubeconfig: string;
    };
    this.connected?.close();
    this.connected = (await connect({ kubeconfig: result.kubeconfig })).client;
    return result.apiReadyMs;
  }

  async down(): Promise<void> {
    this.connected?.close();
    this.connected = undefined;
    this.command('local', 'down');
  }

  async remove(): Promise<void> {
    this.connected?.close();
    this.connected = undefined;
    if (existsSync(this.home)) this.command('local', 'reset', '--yes');
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Process id of the server or the operator. */
  pid(name: 'server' | 'operator'): number {
    return (JSON.parse(readFileSync(join(this.home, 'run', `${name}.json`), 'utf8')) as { pid: number }).pid;
  }

  /** Milliseconds from the request that creates the manifest until a primary runs and all others stream. */
  async createUntilStreaming(
    manifest: Record<string, unknown>,
    name: string,
    instances: number,
  ): Promise<number> {
    const begin = Date.now();
    await this.client.create(postgresqls, manifest as unknown as KubeObject);
    await until(`${name}: ${instances} members stream`, () => this.allStream(name, instances));
    return Date.now() - begin;
  }

  /** Asks the members themselves: what they publish in Kubernetes is up to `loop_wait` (10 s) old. */
  private async allStream(name: string, instances: number): Promise<boolean> {
    const labelSelector = `application=spilo,cluster-name=${name}`;
    const { items } = await this.client.list(pods, { namespace: 'default', labelSelector });
    const placed = items.filter((pod) => pod.status?.podIP !== undefined);
    if (placed.length < instances) return false;
    const members = await Promise.all(placed.map(memberState));
    const primary = members.find((member) => member?.role === 'primary' && member.state === 'running');
    const streaming = primary?.replication?.filter(({ state }) => state === 'streaming') ?? [];
    return primary !== undefined && streaming.length === instances - 1;
  }

  async waitUntilRunning(name: string): Promise<void> {
    await until(`${name} is Running`, async () => {
      const object = await this.client.get(postgresqls, { namespace: 'default', name });
      return object.status?.PostgresClusterStatus === 'Running';
    });
  }

  async deleteCluster(name: string): Promise<void> {
    await this.client.delete(postgresqls, { namespace: 'default', name });
    await until(`${name} is gone`, async () => {
      const found = await this.client.find(postgresqls, { namespace: 'default', name });
      const labelSelector = `application=spilo,cluster-name=${name}`;
      const { items } = await this.client.list(pods, { namespace: 'default', labelSelector });
      return found === undefined && items.length === 0;
    });
  }

  /** Requests that the operator sends in this time, by its own metrics, without watches and its lease. */
  async operatorRequestsIn(milliseconds: number): Promise<number> {
    const before = await this.operatorRequests();
    await new Promise((done) => setTimeout(done, milliseconds));
    return (await this.operatorRequests()) - before;
  }

  private async operatorRequests(): Promise<number> {
    const status = JSON.parse(this.command('local', 'status', '-o', 'json')) as {
      operator: { metrics?: string };
    };
    const url = status.operator.metrics;
    if (url === undefined) throw new Error('the operator tells no address of its metrics');
    const text = await (await fetch(url)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith('pgherd_kubernetes_requests_total{'))
      .filter((line) => !line.includes('verb="watch"') && !line.includes('resource="leases"'))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
