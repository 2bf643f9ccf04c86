import { done, type Result } from '@pgherd/kube/queue';
import { kinds, postgresqls } from '../kinds.ts';
import { finalizer } from '../names.ts';
import { isTakenDown, type Deletion, type DeletionOptions } from './deletion.ts';
import type { ClusterMemory } from './memory.ts';

/** Set by `kubectl delete --cascade=orphan`: what the manifest made is to stay. */
const orphan = 'orphan';

/** Clusters without a manifest: those that it vanished from before our eyes, and those that are found without one. */
export class Vanished {
  readonly #options: DeletionOptions;
  readonly #deletion: Deletion;
  /** StatefulSets, by uid, that were told to be without a manifest. */
  readonly #reported = new Set<string>();

  constructor(options: DeletionOptions, deletion: Deletion) {
    this.#options = options;
    this.#deletion = deletion;
  }

  /**
   * `memory`: of the manifest, if there was one since the watches began. Only then, and only if it had no finalizer to
   * hold it, the cluster is taken down; otherwise nobody knows why there is no manifest, and everything stays.
   * Answers whether the memory is of no more use.
   */
  async run(
    cluster: { namespace: string; name: string },
    memory: ClusterMemory | undefined,
    signal: AbortSignal,
  ): Promise<{ result: Result; isOver: boolean }> {
    if (memory !== undefined && isTakenDown(memory)) return { result: done, isOver: true };
    const finalizers = memory?.manifest.metadata.finalizers ?? [];
    if (memory === undefined || finalizers.includes(finalizer) || finalizers.includes(orphan)) {
      this.#report(cluster);
      return { result: done, isOver: true };
    }
    if (await this.#exists(cluster)) return { result: done, isOver: false };
    const result = await this.#deletion.runWithoutManifest(memory, signal);
    return { result, isOver: isTakenDown(memory) };
  }

  /** Once for each StatefulSet: whoever looks after the cluster should know that nobody does. */
  #report({ namespace, name }: { namespace: string; name: string }): void {
    const { source, story, log } = this.#options;
    const found = source
      .ofCluster(kinds.statefulSet, namespace, name)
      .find(({ metadata }) => metadata.name === name);
    const { uid = '', deletionTimestamp } = found?.metadata ?? {};
    if (found === undefined || deletionTimestamp !== undefined || this.#reported.has(uid)) return;
    this.#reported.add(uid);
    const message =
      `there is no postgresql ${namespace}/${name}, so nobody looks after this cluster and nothing of it is deleted: ` +
      'make the manifest again, or delete its objects';
    log.warn({ cluster: `${namespace}/${name}` }, message);
    story.warning(found, 'Leftover', message);
  }

  /** Caches may be wrong for moments; what the API server says now decides over a whole cluster. */
  async #exists({ namespace, name }: { namespace: string; name: string }): Promise<boolean> {
    const fieldSelector = `metadata.name=${name}`;
    const { items } = await this.#options.hands.client.list(postgresqls, { namespace, fieldSelector });
    return items.length > 0;
  }
}
