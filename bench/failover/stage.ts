import { eventually } from '../../test/support/eventually.ts';
import { LocalCluster } from '../../test/support/local-cluster.ts';
import { clusterManifest } from '../manifests.ts';
import { Cluster } from './cluster.ts';
import { clusterKinds, type ClusterKind } from './cluster-kind.ts';
import { Observer } from './observer.ts';
import type { Side, Store } from './sample.ts';

/** What clusters run on. */
export interface StageOptions {
  store: Store;
  statusDelayMs: number;
  /** How many nodes the instance has; with several, every member has one of its own. */
  nodes: number;
}

/** An operator of this name there is not: nobody looks after a cluster that asks for it. */
const nobody = 'acid.zalan.do/controller';

const settleLimitMs = 300_000;

/** An instance of `pgherd local` with an operator, and with clusters that it looks after or leaves alone. */
export class Stage {
  readonly options: StageOptions;
  readonly local: LocalCluster;
  readonly observer: Observer;
  #made = 0;

  private constructor(local: LocalCluster, options: StageOptions) {
    this.local = local;
    this.options = options;
    this.observer = new Observer(local.client, local.namespace);
  }

  /** A fresh instance; what an interrupted run left is removed first. */
  static async create(options: StageOptions): Promise<Stage> {
    const configuration = {
      kubernetes_use_configmaps: String(options.store === 'configmaps'),
      enable_persistent_volume_claim_deletion: 'true',
      enable_pod_antiaffinity: String(options.nodes > 1),
    };
    const local = await LocalCluster.start('bench-failover', configuration);
    const engine = ['--nodes', String(options.nodes), '--status-delay', String(options.statusDelayMs)];
    await local.pgherd('local', 'up', '--home', local.home, ...engine);
    return new Stage(local, options);
  }

  /**
   * A new cluster; answers when it is whole. The operator makes it, and for Patroni's side forgets it afterwards: the
   * manifest then says that another operator looks after it.
   */
  async createCluster(kind: ClusterKind, side: Side): Promise<Cluster> {
    this.#made += 1;
    const name = `acid-bench-${this.#made}`;
    const manifest = clusterManifest({ name, instances: 3 });
    const spec = { ...(manifest['spec'] as object), ...clusterKinds[kind] };
    await this.local.apply({ ...manifest, spec });
    await this.local.waitForStatus(name, 'Running', settleLimitMs);
    if (side === 'patroni') await this.#annotate(name, `${nobody}=nobody`);
    const cluster = new Cluster(this, name, kind, side);
    await cluster.waitUntilWhole();
    return cluster;
  }

  /** Takes it away with all that it has. */
  async removeCluster({ name, side }: Cluster): Promise<void> {
    if (side === 'patroni') await this.#annotate(name, `${nobody}-`);
    await this.local.kubectl('delete', 'postgresql', name, '--wait=false');
    await eventually(`${name} is gone`, async () => (await this.local.pods(name)).length === 0, {
      timeoutMs: settleLimitMs,
    });
  }

  async #annotate(name: string, annotation: string): Promise<void> {
    await this.local.kubectl('annotate', 'postgresql', name, annotation);
  }

  async remove(): Promise<void> {
    this.observer.close();
    await this.local.remove();
  }
}
