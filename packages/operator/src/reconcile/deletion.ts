import { readStatus, type Postgresql, type PostgresqlStatus } from '@pgherd/api';
import type { Clock, KubeObject, Logger } from '@pgherd/kube/objects';
import { done, requeueAfter, type Result } from '@pgherd/kube/queue';
import { messageOf, reasonOf, type Storyteller } from '../events/story.ts';
import { carryOutPlan, type Failure } from '../execute/carry-out-plan.ts';
import type { Hands } from '../execute/executor.ts';
import { kinds, labelledKinds, postgresqls } from '../kinds.ts';
import { clusterNamespaceOf, clustersSelector } from '../labels.ts';
import { finalizer } from '../names.ts';
import { observe } from '../observe/observe.ts';
import type { Observed } from '../observe/observed.ts';
import type { ObjectSource } from '../observe/source.ts';
import { secretNamespaces } from '../render/roles/secret-namespaces.ts';
import type { Settings } from '../settings.ts';
import { planDeletion } from '../plan/deletion.ts';
import { missingConsent } from './consent.ts';
import { stepsOf, type Plan } from '../plan/step.ts';
import { computeStatus } from '../status/status.ts';
import { timeOf } from '../status/time.ts';
import { writeStatus } from '../status/write.ts';
import { removeFinalizer } from './finalizer.ts';
import type { ClusterMemory } from './memory.ts';

/** Told to the memory, because the caches still show the manifest for a moment. */
const gone = 'gone';

/** Told to the memory of a manifest that is gone: its cluster stays. */
const kept = 'kept';

/** Whether a deletion was carried out to its end. */
export function isTakenDown(memory: ClusterMemory): boolean {
  return memory.told.has(gone);
}

/** Whether the manifest's object is there until we let it go. */
function isHeld({ metadata }: Postgresql): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
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
    if (!isHeld(manifest) || isTakenDown(memory)) return done;
    return this.#confirmed(manifest, memory, signal, 'the cluster stays as it is');
  }

  /**
   * The manifest is gone, as it was last seen without our finalizer. Whether it was confirmed is decided once: nobody
   * expects that a cluster that was told to stay goes on the day that was annotated, or with another configuration.
   */
  async runWithoutManifest(memory: ClusterMemory, signal: AbortSignal): Promise<Result> {
    if (memory.told.has(kept)) return done;
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
      await this.#reportUnconfirmed(manifest, message);
      memory.told.add(message);
      if (!isHeld(manifest)) memory.told.add(kept);
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
    const observed = () => observe(source, configuration, cluster, { databaseFingerprint: undefined });
    const see = () => planDeletion(configuration, observed());
    const context = {
      ...cluster,
      superuser: undefined,
      declared: { roles: [], databases: [] },
      startedBefore: () => [],
      rolesSeen: () => {},
      letIn: () => {},
      databaseDone: () => {},
    };
    const outcome = await carryOutPlan(hands, context, see(), signal);
    for (const { step } of outcome.done) {
      log.info({ cluster: `${cluster.namespace}/${cluster.name}`, step: step.what }, 'step done');
    }
    for (const { step, message } of outcome.failures) {
      story.warning(manifest, reasonOf(step, true), `${messageOf(step)} failed: ${message}`);
    }
    await this.#report(manifest, observed(), see(), outcome.failures);
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
    if (isHeld(manifest)) await removeFinalizer(hands.client, manifest);
    memory.told.add(gone);
    log.info({ cluster: `${cluster.namespace}/${cluster.name}` }, 'cluster deleted');
    return done;
  }

  /** How far it is; while there is anything left, and as long as there is a manifest to write it on. */
  async #report(manifest: Postgresql, observed: Observed, plan: Plan, failures: Failure[]): Promise<void> {
    const isOver = stepsOf(plan).length === 0 && failures.length === 0;
    if (isOver || !isHeld(manifest)) return;
    const status = computeStatus({
      generation: manifest.metadata.generation ?? 0,
      previous: readStatus(manifest.status),
      observed,
      instances: 0,
      plan,
      problems: [],
      failures: failures.map(({ step, reason, message }) => ({
        reason,
        message: `${step.what}: ${message}`,
      })),
      secrets: [],
      lagOf: () => undefined,
      now: timeOf(this.#options.clock),
      isDeleted: true,
    });
    await this.#write(manifest, status);
  }

  /** Nobody looks after the cluster until the deletion is confirmed: that much must be said. */
  async #reportUnconfirmed(manifest: Postgresql, message: string): Promise<void> {
    if (!isHeld(manifest)) return;
    const lastError = { reason: 'DeletionUnconfirmed', message, since: timeOf(this.#options.clock) };
    await this.#write(manifest, { ...readStatus(manifest.status), lastError });
  }

  async #write(manifest: Postgresql, status: PostgresqlStatus): Promise<void> {
    const { hands } = this.#options;
    const written = await writeStatus(hands.client, manifest, status);
    if (written !== undefined) hands.written(postgresqls, written);
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
