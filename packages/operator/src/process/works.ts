import { formatProblem, type Postgresql } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import { systemClock, type Logger } from '@pgherd/kube/objects';
import { done, type Result } from '@pgherd/kube/queue';
import { Controller, Manager, type Leadership, type Reconciled } from '@pgherd/kube/runtime';
import { patroniClient, type PatroniClient } from '@pgherd/patroni';
import { amazon, asksAmazon } from '../disks/amazon.ts';
import { claimsOnDisks, diskGoal } from '../disks/disk-goal.ts';
import type { DiskSight } from '../disks/disk-sight.ts';
import { DiskWatch } from '../disks/disk-watch.ts';
import type { Storyteller } from '../events/story.ts';
import type { DatabaseAccess } from '../execute/database-access.ts';
import type { PauseEnd } from '../execute/pause-poolers.ts';
import { Failover, type FailoverOutcome } from '../failover/failover.ts';
import { PrimaryWatch } from '../failover/primary-watch.ts';
import { watchedPrimary } from '../failover/watched-primary.ts';
import type { OperatorHttp } from '../http/operator-http.ts';
import { kinds } from '../kinds.ts';
import { observe } from '../observe/observe.ts';
import type { Observed } from '../observe/observed.ts';
import { isOn } from '../volumes/brake.ts';
import { VolumeWatch } from '../volumes/volume-watch.ts';
import { newPassword } from '../reconcile/password.ts';
import { People } from '../people/people.ts';
import type { Roster } from '../people/roster.ts';
import { isOwn, Reconciler } from '../reconcile/reconciler.ts';
import type { Settings } from '../settings.ts';
import { Caches } from './caches.ts';
import type { Namespaces } from './namespaces.ts';
import type { NodeSight } from './node-caches.ts';
import { PeopleCaches } from './people-caches.ts';
import { lookAgain } from './look-again.ts';
import { isSameShape, shapeOf, type Shape } from './shape.ts';

/** What all works of one process share. */
export interface WorksOptions {
  client: Client;
  leadership: Leadership;
  /** Asked at every pass. */
  settings: () => Settings;
  /** The operator's own namespace. */
  own: string;
  controllerId: string;
  database: DatabaseAccess;
  story: Storyteller;
  log: Logger;
  /** Remembers what is done, and tells of it. */
  http: Pick<OperatorHttp, 'pass' | 'journal'>;
  onReconciled: (pass: Reconciled) => void;
  onFailover: (outcome: FailoverOutcome) => void;
  /** A Patroni was woken because its PostgreSQL seems to have died. */
  onWake: () => void;
  onPauseEnd: (end: PauseEnd) => void;
  /** Where Amazon's API is, and its credentials. */
  environment: NodeJS.ProcessEnv;
  /** Told what is wrong with the roles of all clusters, whenever they are read. */
  onInfrastructure: (problems: string[]) => void;
  /** Outlives the works: what was known of teams stays known. */
  roster: Roster;
}

/** A Patroni that does not answer a question by then does not count. */
const askTimeoutMs = 1_000;

/** Clusters whose dead primaries are looked at at once; it waits for answers most of the time. */
const failoverWorkers = 16;

/** Sessions that are opened at once: at a start there is one to open for each cluster. */
const sessionWorkers = 8;

/** Watches, queue and workers of one shape: they are stopped, and others made, when the configuration has another one. */
export class Works {
  readonly shape: Shape;
  readonly caches: Caches;
  readonly controller: Controller;
  /** Beside the passes: a busy one never holds up a failover. */
  readonly failover: Controller;
  readonly #options: WorksOptions;
  readonly #manager: Manager;
  readonly #people: People;
  readonly volumes: VolumeWatch;
  readonly #disks: DiskWatch;
  #settings: Settings;

  /** `namespaces`: those of the shape that may be read. */
  constructor(options: WorksOptions, namespaces: Namespaces, sight: NodeSight) {
    this.#options = options;
    this.#settings = options.settings();
    this.shape = shapeOf(this.#settings.configuration, options.own);
    const { client, log, leadership } = options;
    this.#manager = new Manager({ client, logger: log, leadership });
    this.caches = new Caches(this.#manager, this.#settings.configuration, namespaces, options.own, sight);
    this.caches.onInfrastructure((infrastructure) =>
      options.onInfrastructure((infrastructure?.problems ?? []).map(formatProblem)),
    );
    this.#people = new People({
      configuration: () => this.settings().configuration,
      manifests: () => this.caches.manifests().filter((manifest) => isOwn(manifest, options.controllerId)),
      isComplete: () => this.caches.missing().size === 0,
      enqueue: (key) => this.controller.enqueue(key),
      watched: new PeopleCaches(this.#manager, this.shape, namespaces, options.own),
      roster: options.roster,
      clock: systemClock,
    });
    this.volumes = new VolumeWatch({
      client,
      configuration: () => this.settings().configuration,
      manifests: () => this.caches.manifests().filter((manifest) => isOwn(manifest, options.controllerId)),
      manifest: (namespace, name) => this.caches.manifest(namespace, name),
      podsOf: (namespace, cluster) => this.caches.ofCluster(kinds.pod, namespace, cluster),
      isBraked: (namespace, cluster) => {
        const { configuration } = this.settings();
        const memory = { databaseFingerprint: undefined };
        return isOn(observe(this.caches, configuration, { namespace, name: cluster }, memory));
      },
      enqueue: (key) => this.controller.enqueue(key),
      clock: systemClock,
      log,
    });
    this.#disks = new DiskWatch({
      ec2: amazon(() => this.settings(), options.environment),
      isThere: (cluster) => {
        const [namespace = '', name = ''] = cluster.split('/');
        return this.#ownManifest(namespace, name) !== undefined;
      },
      enqueue: (key) => this.controller.enqueue(key),
      clock: systemClock,
      log,
    });
    const reconciler = this.#reconciler();
    this.controller = new Controller({
      name: 'postgresql',
      sources: this.caches.sources(),
      reconcile: (key, stop) =>
        // Objects of a cluster may be in other namespaces than its manifest, which is not known yet or not watched.
        this.caches.isKnown(key.split('/')[0] ?? '') ? this.#pass(reconciler, key, stop) : done,
      workers: this.shape.workers,
      backoff: { baseMs: 500, maxMs: 15_000 },
      logger: log,
      onReconciled: options.onReconciled,
    });
    this.#manager.add(this.controller);
    const failover = this.#failover();
    this.failover = new Controller({
      name: 'failover',
      sources: this.caches.failoverSources(),
      reconcile: (key) => failover.pass(key),
      workers: failoverWorkers,
      backoff: { baseMs: 200, maxMs: 5_000 },
      logger: log,
    });
    this.#manager.add(this.failover);
    this.#watchPrimaries();
    this.#manager.add({
      name: 'look again',
      run: (signal) =>
        lookAgain({
          clock: systemClock,
          settings: () => this.settings(),
          manifests: () => this.caches.manifests(),
          enqueue: (key) => this.controller.enqueue(key),
          signal,
        }),
    });
    this.#manager.add({ name: 'people', run: (signal) => this.#people.run(signal) });
    this.#manager.add({ name: 'disks', run: (signal) => this.#disks.run(signal) });
    this.#manager.add({ name: 'volumes', run: (signal) => this.volumes.run(signal) });
  }

  /** The configuration, as far as these watches fit it: no pass may look for labels that are not watched. */
  settings(): Settings {
    const now = this.#options.settings();
    if (isSameShape(shapeOf(now.configuration, this.#options.own), this.shape)) this.#settings = now;
    return this.#settings;
  }

  /** Looks at every cluster again, because something changed that concerns all of them. */
  lookAtAll(): void {
    for (const { metadata } of this.caches.manifests()) {
      const key = `${metadata.namespace ?? ''}/${metadata.name}`;
      this.controller.enqueue(key);
      this.failover.enqueue(key);
    }
  }

  /** Works until the signal aborts or leadership is lost. What it does at the moment is finished first. */
  run(signal: AbortSignal): Promise<void> {
    return this.#manager.run(signal);
  }

  #pass(reconciler: Reconciler, key: string, stop: AbortSignal): Promise<Result> {
    const [namespace = '', name = ''] = key.split('/');
    const isThere = () => this.caches.manifest(namespace, name) !== undefined;
    return this.#options.http.pass(key, () => reconciler.reconcile(key, stop), isThere);
  }

  /** One idle session to each primary. */
  #watchPrimaries(): void {
    const { database, log, onWake } = this.#options;
    // Not a method of its own object.
    const hold = database.hold?.bind(database);
    if (hold === undefined) return;
    const manifestOf = (key: string) => {
      const [namespace = '', name = ''] = key.split('/');
      return this.#ownManifest(namespace, name);
    };
    const watch = new PrimaryWatch({
      primaryOf: (key) => watchedPrimary(this.caches, this.settings().configuration, manifestOf(key)),
      limit: () => this.settings().configuration.fast_failover_sessions,
      hold,
      wake: (address) => this.#patroni(address).wakeUp(),
      enqueue: (key) => controller.enqueue(key),
      log,
      clock: systemClock,
      onWake,
    });
    const controller = new Controller({
      name: 'primary watch',
      sources: this.caches.failoverSources(),
      reconcile: (key) => watch.pass(key),
      workers: sessionWorkers,
      logger: log,
    });
    this.#manager.add({
      name: controller.name,
      run: async (signal) => {
        await controller.run(signal);
        await watch.close();
      },
    });
  }

  #ownManifest(namespace: string, name: string): Postgresql | undefined {
    const manifest = this.caches.manifest(namespace, name);
    return manifest !== undefined && isOwn(manifest, this.#options.controllerId) ? manifest : undefined;
  }

  #failover(): Failover {
    const { client, story, log, onFailover } = this.#options;
    return new Failover({
      client,
      source: this.caches,
      manifest: (namespace, name) => this.#ownManifest(namespace, name),
      configuration: () => this.settings().configuration,
      written: (kind, object) => this.caches.written(kind, object),
      patroni: (address) => this.#patroni(address, askTimeoutMs),
      story,
      log,
      clock: systemClock,
      onOutcome: onFailover,
    });
  }

  /** Patroni of the pod at this address, as its API is protected. */
  #patroni(address: string, timeoutMs?: number): PatroniClient {
    const access = () => this.caches.patroniAccess(address);
    return patroniClient(address, { access, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /** Undefined where nothing is ever asked of Amazon. */
  #disksOf(manifest: Postgresql, observed: Observed): DiskSight | undefined {
    const { configuration } = this.settings();
    if (!asksAmazon(configuration)) return undefined;
    const goal = diskGoal(manifest, configuration, observed, systemClock.now());
    const ids = claimsOnDisks(goal, observed).map(({ disk }) => disk);
    return this.#disks.of(`${observed.namespace}/${observed.name}`, ids);
  }

  #reconciler(): Reconciler {
    const { client, controllerId, database, story, log, http, onPauseEnd } = this.#options;
    return new Reconciler({
      settings: () => this.settings(),
      controllerId,
      changed: (cluster, change) => http.journal.changed(cluster, change),
      manifest: (namespace, name) => this.caches.manifest(namespace, name),
      source: this.caches,
      people: (manifest) => this.#people.of(manifest),
      usageOf: (namespace, name) => this.volumes.usageOf(namespace, name),
      disksOf: (manifest, observed) => this.#disksOf(manifest, observed),
      lagOf: (namespace, pod) => this.caches.lagOf(namespace, pod),
      hands: {
        client,
        patroni: (address) => this.#patroni(address),
        database,
        disks: this.#disks,
        written: (kind, object) => this.caches.written(kind, object),
        pauseEnded: onPauseEnd,
      },
      askPatroni: (address) => this.#patroni(address, askTimeoutMs),
      story,
      log,
      clock: systemClock,
      newPassword,
    });
  }
}
