import type { Cluster } from './cluster.ts';
import { measureGap, type Measured } from './measure-gap.ts';
import { measureLoad } from './measure-load.ts';
import type { Side } from './sample.ts';
import type { Scene } from './scene.ts';
import type { Standing } from './schedule.ts';
import type { Stage } from './stage.ts';

/** One cluster at a time, on which one scene after the other is played. */
export class Lane {
  readonly #stage: Stage;
  /** Lanes of the same stage whose cluster is not at rest. */
  readonly #restless: Set<Lane>;
  #cluster: Cluster | undefined;
  #used = 0;
  #lastEnd = performance.now();

  constructor(stage: Stage, restless: Set<Lane>) {
    this.#stage = stage;
    this.#restless = restless;
  }

  /** The cluster that stands. */
  get standing(): Standing | undefined {
    const cluster = this.#cluster;
    return cluster && { kind: cluster.kind, side: cluster.side, used: this.#used };
  }

  /**
   * Plays a scene, on another cluster if need be. What was measured is handed over at once; it answers when the cluster
   * is whole again. One that does not become whole is given up.
   */
  async play(
    scene: Scene,
    side: Side,
    take: (measured: Measured & { seconds: number }) => void,
  ): Promise<void> {
    this.#restless.add(this);
    try {
      const cluster = await this.#clusterFor(scene, side);
      this.#used += 1;
      if (scene.prepare !== undefined) {
        await scene.prepare(cluster);
        await cluster.waitUntilWhole();
      }
      this.#restless.delete(this);
      const measure = scene.client === 'pgbench' ? measureLoad : measureGap;
      const measured = await measure(cluster, scene, () => {
        this.#restless.add(this);
        return this.#restless.size - 1;
      });
      const end = performance.now();
      take({ ...measured, seconds: Math.round(end - this.#lastEnd) / 1000 });
      this.#lastEnd = end;
      await scene.heal?.(cluster);
      await cluster.waitUntilWhole();
    } catch (error) {
      // Pods do not go from a node that is off.
      if (scene.isAboutNodes === true && this.#cluster !== undefined)
        await scene.heal?.(this.#cluster).catch(() => {});
      await this.#giveUp();
      throw error;
    } finally {
      this.#restless.delete(this);
    }
  }

  async #clusterFor({ kind }: Scene, side: Side): Promise<Cluster> {
    const standing = this.#cluster;
    if (standing?.kind === kind && standing.side === side) return standing;
    await this.#giveUp();
    this.#used = 0;
    this.#cluster = await this.#stage.createCluster(kind, side);
    return this.#cluster;
  }

  async #giveUp(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    if (cluster !== undefined) await this.#stage.removeCluster(cluster);
  }
}
