import { watchedCache } from '../cache/index.ts';
import type { Cache, CacheOptions } from '../cache/index.ts';
import type { Client, Selection } from '../client/index.ts';
import { resourceName, silentLogger, systemClock } from '../objects/index.ts';
import type { Clock, KubeObject, Logger, ResourceType } from '../objects/index.ts';
import { aborted } from './aborted.ts';
import { HealthChecks } from './health.ts';
import type { Leadership } from './leadership.ts';

/** Something that runs until its signal aborts, e.g. a `Controller`. A rejection stops the whole manager. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Settings of a manager. */
export interface ManagerOptions {
  client: Client;
  logger?: Logger;
  clock?: Clock;
  /** What must lead is run under it; it is not run by the manager. Absent: it leads without asking. */
  leadership?: Leadership;
}

/** Of a watched cache, what does not depend on its kind. */
interface Synced {
  cache: { readonly isSynced: boolean };
  run(signal: AbortSignal): Promise<void>;
}

/** What one cache of a manager holds. */
export type WatchedSelection<T extends KubeObject, I extends string> = Selection &
  Pick<CacheOptions<T, I>, 'indices' | 'keep'>;

/**
 * Runs an operator: caches from the start, so that a successor is warm; everything else while it leads. It stops in the
 * reverse order: first what acts, then the caches. A manager that no longer leads has ended; another one can follow it.
 */
export class Manager {
  readonly client: Client;
  /** Fails until all caches are synced; for `/readyz`. */
  readonly ready = new HealthChecks();
  /** For `/livez`; empty unless somebody adds a check. */
  readonly live = new HealthChecks();
  readonly #options: Required<Omit<ManagerOptions, 'leadership'>>;
  readonly #leadership: Leadership | undefined;
  readonly #caches: { name: string; watched: Synced }[] = [];
  readonly #always: Runnable[] = [];
  readonly #whileLeading: Runnable[] = [];
  #started = false;

  constructor(options: ManagerOptions) {
    this.client = options.client;
    this.#options = { logger: silentLogger, clock: systemClock, ...options };
    this.#leadership = options.leadership;
    this.ready.add('caches', () => {
      const missing = this.#caches.filter(({ watched }) => !watched.cache.isSynced).map(({ name }) => name);
      if (missing.length > 0) throw new Error(`not yet listed: ${missing.join(', ')}`);
    });
  }

  /** A cache of one kind, filled from the manager's start on. Each call makes one: keep it and hand it around. */
  cache<T extends KubeObject, I extends string = never>(
    resource: ResourceType<T>,
    { indices, keep, ...selection }: WatchedSelection<T, I> = {},
  ): Cache<T, I> {
    this.#mustNotRun();
    const { client, logger, clock } = this.#options;
    const watched = watchedCache<T, I>({
      client,
      resource,
      selection,
      logger,
      clock,
      ...(indices === undefined ? {} : { indices }),
      ...(keep === undefined ? {} : { keep }),
    });
    this.#caches.push({ name: resourceName(resource), watched });
    return watched.cache;
  }

  /** Runs it while leading, or always (`{ always: true }`, e.g. a server for health and metrics). */
  add(runnable: Runnable, options: { always?: boolean } = {}): void {
    this.#mustNotRun();
    (options.always === true ? this.#always : this.#whileLeading).push(runnable);
  }

  /**
   * Runs until the signal aborts, or leadership is lost, and everything has ended. Rejects, after stopping everything,
   * with the failure of a runnable.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#mustNotRun();
    this.#started = true;
    // The clock's timers do not keep the process alive.
    const hold = setInterval(() => {}, 2 ** 30);
    const stopAll = new AbortController();
    const stop = AbortSignal.any([signal, stopAll.signal]);
    const stopCaches = new AbortController();
    const caches = Promise.all(this.#caches.map(({ watched }) => watched.run(stopCaches.signal)));
    let failure: { error: unknown } | undefined;
    const guard = async (work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        failure ??= { error };
        stopAll.abort();
      }
    };
    const lead = async (leading: AbortSignal): Promise<void> => {
      await Promise.all(
        this.#whileLeading.map((runnable) => guard(this.#run(runnable, AbortSignal.any([leading, stop])))),
      );
    };
    try {
      await Promise.all([
        guard(
          this.#leadership === undefined ? lead(stop) : this.#lead(this.#leadership, stop, lead, stopAll),
        ),
        ...this.#always.map((runnable) => guard(this.#run(runnable, stop))),
      ]);
      // Without anything to run, a manager still keeps its caches until it is told to stop.
      if (failure === undefined && !stop.aborted) await aborted(stop);
    } finally {
      stopCaches.abort();
      await caches;
      clearInterval(hold);
    }
    if (failure !== undefined) throw failure.error;
  }

  /** Losing leadership stops the rest as well. */
  async #lead(
    leadership: Leadership,
    stop: AbortSignal,
    lead: (leading: AbortSignal) => Promise<void>,
    stopAll: AbortController,
  ): Promise<void> {
    await leadership.act(stop, async (leading) => {
      await lead(leading);
      await aborted(leading);
    });
    stopAll.abort();
  }

  async #run(runnable: Runnable, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    logger.debug({ runnable: runnable.name }, `${runnable.name} starts`);
    try {
      await runnable.run(signal);
      logger.debug({ runnable: runnable.name }, `${runnable.name} ended`);
    } catch (err) {
      logger.error({ err, runnable: runnable.name }, `${runnable.name} failed; stopping`);
      throw err;
    }
  }

  #mustNotRun(): void {
    if (this.#started) throw new Error('the manager runs already; add caches and controllers before');
  }
}
