import type { Pod } from '@pgherd/kube/objects';
import { eventually } from '../../test/support/eventually.ts';
import { LocalCluster } from '../../test/support/local-cluster.ts';
import { askPatroni } from '../../test/support/patroni-api.ts';
import type { Address } from '../../test/support/writer.ts';
import { clusterManifest } from '../manifests.ts';
import type { Side } from './sample.ts';
import type { Scene } from './scene.ts';

/** What one side's clusters run on. */
export interface StageOptions {
  side: Side;
  store: 'endpoints' | 'configmaps';
  statusDelayMs: number;
  /** How many nodes the instance has; with several, every member has one of its own. */
  nodes: number;
}

/** What Patroni says of its members. */
interface MemberView {
  name: string;
  role: string;
  state: string;
  lag?: number | string;
}

const settleLimitMs = 300_000;

/** An instance of `pgherd local` with clusters of one side. */
export class Stage {
  readonly options: StageOptions;
  readonly local: LocalCluster;

  private constructor(local: LocalCluster, options: StageOptions) {
    this.local = local;
    this.options = options;
  }

  /** A fresh instance; what an interrupted run left is removed first. */
  static async create(options: StageOptions): Promise<Stage> {
    const configuration = {
      kubernetes_use_configmaps: String(options.store === 'configmaps'),
      enable_persistent_volume_claim_deletion: 'true',
      enable_pod_antiaffinity: String(options.nodes > 1),
    };
    const suite = `bench-failover-${options.side}`;
    const local = await LocalCluster.start(suite, configuration);
    const engine = ['--nodes', String(options.nodes), '--status-delay', String(options.statusDelayMs)];
    await local.pgherd('local', 'up', '--home', local.home, ...engine);
    return new Stage(local, options);
  }

  /** Makes a cluster; answers when it is whole. */
  async createCluster(name: string, { synchronous, path, patroni }: Scene): Promise<void> {
    const manifest = clusterManifest({ name, instances: 3 });
    const spec = {
      ...(manifest['spec'] as object),
      ...(path === 'pooler' ? { enableConnectionPooler: true } : {}),
      patroni: { synchronous_mode: synchronous, ...patroni },
    };
    await this.local.apply({ ...manifest, spec });
    await this.local.waitForStatus(name, 'Running', settleLimitMs);
    await this.waitUntilWhole(name, synchronous);
  }

  /** From now on nobody helps Patroni. */
  async stopOperator(): Promise<void> {
    await this.local.killOperator();
  }

  async remove(): Promise<void> {
    await this.local.remove();
  }

  /** Everybody streams without lag, and in synchronous mode somebody is synchronous. */
  async waitUntilWhole(name: string, synchronous: boolean): Promise<void> {
    await eventually(
      `${name} is whole`,
      async () => {
        const primary = await this.primary(name);
        const members = await membersOf(primary);
        const replicas = members.filter(({ role }) => role !== 'leader');
        const streaming = replicas.filter(({ state, lag }) => state === 'streaming' && lag === 0);
        const hasStandby = !synchronous || replicas.some(({ role }) => role === 'sync_standby');
        return members.length === 3 && streaming.length === 2 && hasStandby;
      },
      { timeoutMs: settleLimitMs, everyMs: 250 },
    );
    if (this.options.side === 'pgherd') await this.local.waitForStatus(name, 'Running', settleLimitMs);
  }

  async primary(name: string): Promise<Pod> {
    return this.local.primary(name);
  }

  /** Where a client connects. */
  async address(name: string, path: 'direct' | 'pooler'): Promise<Address> {
    const direct = await this.local.address(name, 'zalando', 'foo');
    if (path === 'direct') return direct;
    const service = await this.local.kubectl(
      'get',
      'service',
      `${name}-pooler`,
      '-o',
      'jsonpath={.spec.clusterIP}',
    );
    return { ...direct, host: service.trim() };
  }
}

/** `GET /cluster` of a member. */
async function membersOf(pod: Pod): Promise<MemberView[]> {
  const { body } = await askPatroni(pod, 'GET', '/cluster');
  return (JSON.parse(body) as { members: MemberView[] }).members;
}
