import type { Postgresql } from '@pgherd/api';
import type { Clock, KubeObject, Logger } from '@pgherd/kube/objects';
import { done, requeueAfter, type Result } from '@pgherd/kube/queue';
import { messageOf, reasonOf, type Storyteller } from '../events/story.ts';
import { carryOutPlan } from '../execute/carry-out-plan.ts';
import type { Hands } from '../execute/executor.ts';
import { kinds, labelledKinds } from '../kinds.ts';
import { clusterNamespaceOf, clustersSelector } from '../labels.ts';
import { finalizer } from '../names.ts';
import { observe } from '../observe/observe.ts';
import type { ObjectSource } from '../observe/source.ts';
import { secretNamespaces } from '../render/roles.ts';
import type { Settings } from '../settings.ts';
import { planDeletion } from '../plan/deletion.ts';
import { stepsOf } from '../plan/step.ts';
import { missingConsent } from './consent.ts';
import { removeFinalizer } from './finalizer.ts';
import type { ClusterMemory } from './memory.ts';

/** Told to the memory, because the caches still show the manifest for a moment. */
const gone = 'gone';

/** Whether a deletion was carried out to its end. */
export function isTakenDown(memory: ClusterMemory): boolean {
  return memory.told.has(gone);
}

export interface DeletionOptions {
  settings: () => Settings;
  source: ObjectSource;
  hands: Hands;
  story: Storyteller;
  log: Logger;
  clock: Clock;
}

/** Takes down a cluster whose manifest was deleted. */
export class Deletion {
  readonly #options: DeletionOptions;

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  /** The finalizer holds the manifest until everything is gone; without one, its cluster is looked at once it is gone. */
  async run(manifest: Postgresql, memory: ClusterMemory, signal: AbortSignal): Promise<Result> {
    if (manifest.metadata.finalizers?.includes(finalizer) !== true || isTakenDown(memory)) return done;
    return this.#confirmed(manifest, memory, signal, 'the cluster stays as it is');
  }

  /** The manifest is gone, as it was last seen without our finalizer. */
  async runWithoutManifest(memory: ClusterMemory, signal: AbortSignal): Promise<Result> {
    const stays = 'the cluster stays as it is; make the manifest again to have it looked after';
    return this.#confirmed(memory.manifest, memory, signal, stays);
  }

  async #confirmed(
    manifest: Postgresql,
    memory: ClusterMemory,
    signal: AbortSignal,
    otherwise: string,
  ): Promise<Result> {
    const { configuration } = this.#options.settings();
    const missing = missingConsent(manifest, configuration, this.#options.clock.now());
    if (missing !== undefined) {
      const message = `the manifest was deleted, but ${otherwise}: deletion must be confirmed by the annotation ${missing}`;
      if (memory.told.has(message)) return done;
      memory.told.add(message);
      this.#options.story.warning(manifest, 'Delete', message);
      this.#options.log.warn(
        { cluster: `${manifest.metadata.namespace}/${manifest.metadata.name}` },
        message,
      );
      return done;
    }
    if (!memory.told.has('Delete')) {
      memory.told.add('Delete');
      this.#options.story.normal(manifest, 'Delete', this.#announcement());
    }
    return this.#takeDown(manifest, memory, signal);
  }

  async #takeDown(manifest: Postgresql, memory: ClusterMemory, signal: AbortSignal): Promise<Result> {
    const { settings, hands, source, story, log } = this.#options;
    const { configuration } = settings();
    const cluster = { namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name };
    const see = () =>
      planDeletion(
        configuration,
        observe(source, configuration, cluster, { databaseFingerprint: undefined }),
      );
    const context = {
      ...cluster,
      superuser: undefined,
      declared: { roles: [], databases: [] },
      databaseDone: () => {},
    };
    const outcome = await carryOutPlan(hands, context, see(), signal);
    for (const { step } of outcome.done) {
      log.info({ cluster: `${cluster.namespace}/${cluster.name}`, step: step.what }, 'step done');
    }
    for (const { step, message } of outcome.failures) {
      story.warning(manifest, reasonOf(step, true), `${messageOf(step)} failed: ${message}`);
    }
    if (outcome.failures.length > 0)
      throw new Error(outcome.failures.map(({ message }) => message).join('; '));
    const [next] = stepsOf(see());
    if (next !== undefined) return requeueAfter(5_000, next.waitFor ?? next.what);

    // Caches may lag behind our own writes, and what is left behind now nobody would ever find again.
    const left = planDeletion(
      configuration,
      observe(await this.#ask(manifest, cluster), configuration, cluster, { databaseFingerprint: undefined }),
    );
    const [found] = stepsOf(left);
    if (found !== undefined) return requeueAfter(1_000, `the caches to know what to ${found.what}`);
    if (manifest.metadata.finalizers?.includes(finalizer) === true)
      await removeFinalizer(hands.client, manifest);
    memory.told.add(gone);
    log.info({ cluster: `${cluster.namespace}/${cluster.name}` }, 'cluster deleted');
    return done;
  }

  /** What the API server itself says now, once per deleted cluster. */
  async #ask(manifest: Postgresql, cluster: { namespace: string; name: string }): Promise<ObjectSource> {
    const { hands, settings, source } = this.#options;
    const { configuration } = settings();
    const { namespace, name } = cluster;
    const lists = new Map<string, KubeObject[]>();
    const others = secretNamespaces({ manifest, configuration }).filter(
      (each) => each !== namespace && source.watches?.(each) !== false,
    );
    for (const kind of labelledKinds) {
      const labelSelector = clustersSelector(configuration, { parts: kind !== kinds.pod, cluster: name });
      const found: KubeObject[] = [];
      for (const where of kind === kinds.secret ? [namespace, ...others] : [namespace]) {
        const { items } = await hands.client.list(kind, { namespace: where, labelSelector });
        found.push(...items.filter((object) => clusterNamespaceOf(object) === namespace));
      }
      lists.set(kind.plural, found);
    }
    return { get: () => undefined, ofCluster: (kind) => lists.get(kind.plural) ?? [] };
  }

  #announcement(): string {
    const { configuration } = this.#options.settings();
    const volumes = configuration.enable_persistent_volume_claim_deletion ? 'its volumes' : 'not its volumes';
    const secrets = configuration.enable_secrets_deletion ? 'its Secrets' : 'not its Secrets';
    return `deleting the cluster, ${volumes}, and ${secrets}`;
  }
}
