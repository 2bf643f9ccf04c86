import type { Configuration, Postgresql } from '@pgherd/api';
import { isConflict, isNotFound, type Client } from '@pgherd/kube/client';
import { elapsedMs, type Clock, type KubeObject, type Logger, type Pod } from '@pgherd/kube/objects';
import { done, requeueAfter, type Result } from '@pgherd/kube/queue';
import type { PatroniClient } from '@pgherd/patroni';
import type { Storyteller } from '../events/story.ts';
import { kinds, type Kind } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import type { ObjectSource } from '../observe/source.ts';
import { askCandidates, type Peer } from './candidates.ts';
import { decide, type Death, type Facts, type Guard, type Verdict } from './decide.ts';
import { leaderLockOf } from './leader-lock.ts';
import { leaderPodOf, type LeaderPod } from './leader-pod.ts';
import { patroniCluster, type PatroniCluster } from './patroni-cluster.ts';
import { rulesOf } from './rules.ts';
import { stripStaleLabels } from './stale-labels.ts';
import { describeClearing, describeRefusal, describeTakeover } from './story.ts';

/** What came of a death, for metrics. */
export type FailoverOutcome =
  /** The lock was taken away from the dead. */
  | { type: 'cleared' }
  /** Another member has it. `ms`: since the death became known to this process. */
  | { type: 'takenOver'; ms: number }
  /** It was left as it is. */
  | { type: 'refused'; guard: Guard };

export interface FailoverOptions {
  client: Pick<Client, 'find' | 'patch'>;
  source: ObjectSource;
  /** The manifest of a cluster that this operator looks after. */
  manifest: (namespace: string, name: string) => Postgresql | undefined;
  configuration: () => Configuration;
  /** Takes in what was just written. */
  written: (kind: Kind, object: KubeObject) => void;
  /** Patroni of the pod with this address; one that does not answer soon does not count. */
  patroni: (address: string) => Pick<PatroniClient, 'patroni'>;
  story: Storyteller;
  log: Logger;
  clock: Clock;
  onOutcome: (outcome: FailoverOutcome) => void;
}

/** One cluster at the beginning of a pass. */
interface Cluster extends PatroniCluster {
  key: string;
  manifest: Postgresql;
  configuration: Configuration;
}

/** A death that this process knows of. */
interface Known {
  /** The run that ended; what is known of another one is void. */
  run: string;
  since: number;
  /** What was told of it. */
  told: Set<Guard>;
}

/** The lock was taken from somebody; who has it next is waited for. */
interface Takeover {
  from: string;
  knownSince: number;
  clearedAt: number;
}

/** How long the members may take to agree on a new leader before that is told. They do within a second. */
const takeoverMs = 10_000;

/** Somebody who renews the lock again and again is alive. */
const attempts = 5;

/**
 * Takes Patroni's leader lock away from a primary that is dead for sure, so that its replicas need not wait until it
 * runs out, and the primary's label from pods that do not lead. Whether it does so is decided in `decide.ts`; who takes
 * over is decided by Patroni.
 */
export class Failover {
  readonly #options: FailoverOptions;
  readonly #known = new Map<string, Known>();
  readonly #takeovers = new Map<string, Takeover>();

  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  /** One look at the cluster `namespace/name`. */
  async pass(key: string): Promise<Result> {
    const cluster = this.#find(key);
    if (cluster === undefined) {
      this.#known.delete(key);
      this.#takeovers.delete(key);
      return done;
    }
    this.#tellTakeover(cluster);
    const next = cluster.configuration.enable_fast_failover ? await this.#lookAtLeader(cluster) : done;
    await this.#stripLabels(cluster);
    const waiting = this.#takeovers.get(key);
    if (next !== done || waiting === undefined) return next;
    const left = waiting.clearedAt + takeoverMs - this.#options.clock.now();
    return requeueAfter(Math.max(left, 0) + 1, 'a new leader');
  }

  #find(key: string): Cluster | undefined {
    const { source } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const configuration = this.#options.configuration();
    const manifest = this.#options.manifest(namespace, name);
    if (manifest === undefined || manifest.metadata.deletionTimestamp !== undefined) return undefined;
    const found = patroniCluster(source, configuration, namespace, name);
    return found && { ...found, key, manifest, configuration };
  }

  /** Most of the time the caches tell that nothing has died, without a request. */
  async #lookAtLeader(cluster: Cluster): Promise<Result> {
    const { source } = this.#options;
    const { namespace, kind, names } = cluster;
    // Nobody could take over.
    if (cluster.pods.length < 2) return done;
    const lock = source.get(kind, namespace, names.leader);
    const holder = cluster.pods.find(
      ({ metadata }) => metadata.name === lock?.metadata.annotations?.['leader'],
    );
    const seen = decide(this.#facts(cluster, lock, holder && leaderPodOf(holder), undefined));
    if (seen.type === 'leave' && (seen.guard === 'alive' || seen.guard === 'unlocked')) {
      this.#known.delete(cluster.key);
      return done;
    }
    return this.#failOver(cluster);
  }

  async #failOver(cluster: Cluster): Promise<Result> {
    const { client } = this.#options;
    const { namespace, kind, names } = cluster;
    let before: LeaderPod | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      // The order makes the proof: whoever renews the lock after it was read makes the write below fail.
      const lock = await client.find(kind, { namespace, name: names.leader });
      const leader = leaderLockOf(lock)?.leader;
      const object =
        leader === undefined ? undefined : await client.find(kinds.pod, { namespace, name: leader });
      const pod = object && withAnnouncement(leaderPodOf(object as Pod), before);
      before = pod;
      const verdict = await this.#decide(cluster, lock, pod);
      if ('guard' in verdict) return this.#refuse(cluster, lock, verdict);
      if (verdict.type === 'act' && (await this.#clear(cluster, object as Pod, verdict.death))) return done;
    }
    throw new Error(`the leader lock of ${cluster.key} changed ${attempts} times while it was looked at`);
  }

  /** Asks the members only when there is a proof. */
  async #decide(
    cluster: Cluster,
    lock: KubeObject | undefined,
    pod: LeaderPod | undefined,
  ): Promise<Verdict> {
    const facts = this.#facts(cluster, lock, pod, undefined);
    const verdict = decide(facts);
    if (verdict.type !== 'ask') return verdict;
    const candidates = await askCandidates(
      peersOf(cluster, facts.lock?.leader),
      this.#options.patroni,
      (answered) => decide({ ...facts, candidates: answered }).type === 'act',
    );
    return decide({ ...facts, candidates });
  }

  #facts(
    { key, namespace, kind, names, configuration }: Cluster,
    lockObject: KubeObject | undefined,
    pod: LeaderPod | undefined,
    candidates: Facts['candidates'],
  ): Facts {
    const { source, clock } = this.#options;
    const lock = leaderLockOf(lockObject);
    const annotations = (name: string) => source.get(kind, namespace, name)?.metadata.annotations;
    const known = this.#known.get(key);
    return {
      lock,
      pod,
      rules: rulesOf(annotations(names.config), annotations(names.sync), lock?.leader),
      candidates,
      knownForMs: known === undefined ? 0 : elapsedMs(known.since, clock.now()),
      restartMs: configuration.fast_failover_restart_timeout,
    };
  }

  /** Takes the lock away; false: something has changed since it was read, and nothing is proven any more. */
  async #clear(cluster: Cluster, pod: Pod, death: Death): Promise<boolean> {
    const { client, written, clock, log, story, onOutcome } = this.#options;
    const { key, manifest, namespace, kind, names, configuration } = cluster;
    const known = this.#remember(key, death.run.id);
    const { lock } = death;
    try {
      await this.#silence(pod, configuration.pod_role_label);
      const body = {
        metadata: { resourceVersion: lock.resourceVersion, annotations: { leader: null } },
        ...(kind === kinds.endpoints ? { subsets: [] } : {}),
      };
      const name = { namespace, name: names.leader };
      written(kind, await client.patch(kind, name, { type: 'merge', body }, { fieldManager }));
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
    const takeover = { from: lock.leader, knownSince: known.since, clearedAt: clock.now() };
    this.#takeovers.set(key, takeover);
    this.#known.delete(key);
    onOutcome({ type: 'cleared' });
    const message = describeClearing(death, takeover.clearedAt - takeover.knownSince);
    log.warn({ cluster: key, run: death.run.id }, `${key}: ${message}`);
    story.warning(manifest, 'FastFailover', message);
    return true;
  }

  /**
   * Takes from the dead pod what others would wait for: Patroni asks every member whose address it knows, for two
   * seconds where nothing answers at all; Services lead to whoever has the label.
   */
  async #silence(pod: Pod, roleLabel: string): Promise<void> {
    const { client, written } = this.#options;
    const { namespace = '', name = '', uid, resourceVersion, annotations, labels } = pod.metadata;
    if (annotations?.['status'] === undefined && labels?.[roleLabel] === undefined) return;
    const body = {
      metadata: { uid, resourceVersion, annotations: { status: null }, labels: { [roleLabel]: null } },
    };
    const silenced = await client.patch(
      kinds.pod,
      { namespace, name },
      { type: 'merge', body },
      { fieldManager },
    );
    written(kinds.pod, silenced);
  }

  #refuse(
    cluster: Cluster,
    lock: KubeObject | undefined,
    verdict: Extract<Verdict, { type: 'wait' | 'leave' }>,
  ): Result {
    const { key, manifest } = cluster;
    const { log, story, onOutcome } = this.#options;
    const { guard, why } = verdict;
    if (guard === 'alive' || guard === 'unlocked') {
      this.#known.delete(key);
      return done;
    }
    const leader = leaderLockOf(lock)?.leader ?? '';
    const known = this.#remember(key, verdict.death?.run.id ?? leader);
    if (!known.told.has(guard)) {
      known.told.add(guard);
      onOutcome({ type: 'refused', guard });
      const message = describeRefusal(leader, why);
      log.info({ cluster: key, guard }, `${key}: ${message}`);
      if (guard === 'restarting') story.normal(manifest, 'WaitingForRestart', message);
      else story.warning(manifest, 'NoFastFailover', message);
    }
    return verdict.type === 'wait' ? requeueAfter(verdict.ms, why) : done;
  }

  #remember(key: string, run: string): Known {
    const before = this.#known.get(key);
    if (before?.run === run) return before;
    const known = { run, since: this.#options.clock.now(), told: new Set<Guard>() };
    this.#known.set(key, known);
    return known;
  }

  #tellTakeover({ key, namespace, manifest, kind, names }: Cluster): void {
    const takeover = this.#takeovers.get(key);
    if (takeover === undefined) return;
    const { source, clock, story, log, onOutcome } = this.#options;
    const leader = leaderLockOf(source.get(kind, namespace, names.leader))?.leader;
    const isOther = leader !== undefined && leader !== takeover.from;
    const now = clock.now();
    if (!isOther && now - takeover.clearedAt < takeoverMs) return;
    this.#takeovers.delete(key);
    const message = describeTakeover(takeover.from, leader, now - takeover.knownSince);
    log.info({ cluster: key }, `${key}: ${message}`);
    if (isOther) {
      onOutcome({ type: 'takenOver', ms: now - takeover.knownSince });
      story.normal(manifest, 'FastFailover', message);
    } else {
      story.warning(manifest, 'FastFailover', message);
    }
  }

  async #stripLabels({ key, namespace, kind, names, pods, configuration }: Cluster): Promise<void> {
    const { client, source, written, log } = this.#options;
    const roleLabel = configuration.pod_role_label;
    const stripped = await stripStaleLabels({
      client,
      written,
      roleLabel,
      lock: { kind, namespace, name: names.leader },
      pods,
      leader: leaderLockOf(source.get(kind, namespace, names.leader))?.leader,
    });
    for (const name of stripped)
      log.info(
        { cluster: key, pod: name },
        `${key}: took the label ${roleLabel} from ${name}, which does not lead`,
      );
  }
}

/** The words that this pod had said before they were taken from it are still its own. */
function withAnnouncement(pod: LeaderPod, before: LeaderPod | undefined): LeaderPod {
  const { announcedAddress } = pod.uid === before?.uid ? before : pod;
  return { ...pod, announcedAddress: pod.announcedAddress ?? announcedAddress };
}

/** Members that may be alive, but for the one that leads. */
function peersOf({ pods }: Cluster, leader: string | undefined): Peer[] {
  return pods.flatMap(({ metadata: { name = '' }, status }) =>
    status?.podIP === undefined || name === leader ? [] : [{ name, address: status.podIP }],
  );
}
