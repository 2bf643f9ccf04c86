import { sleep } from '@pgherd/kube/client';
import { systemClock, type Logger } from '@pgherd/kube/objects';
import type { Settings } from '../settings.ts';
import type { WatchedConfiguration } from './configuration/watched-configuration.ts';
import { nodeSight } from './node-caches.ts';
import { describeNamespaces } from './namespaces.ts';
import { findReachable, type Reachable } from './reachable.ts';
import type { Duties } from './rights.ts';
import { rightsFor } from './rights.ts';
import { isSameShape, shapeOf } from './shape.ts';
import { Works, type WorksOptions } from './works.ts';

/** The operator cannot work with the rights that it has. The message names what is missing. */
export class MissingRightsError extends Error {
  constructor(missing: string[]) {
    super(
      `the operator's account lacks rights that it cannot work without: ${missing.join(', ')}. ` +
        'Apply what `pgherd operator rbac` prints, or grant them otherwise.',
    );
    this.name = 'MissingRightsError';
  }
}

export interface SuccessionOptions extends Omit<WorksOptions, 'settings'> {
  configuration: WatchedConfiguration;
  origin: Duties['origin'];
  log: Logger;
}

/** After a failure to begin, and between questions whether a refused namespace may be read by now. */
const retryMs = 10_000;

/** Works after works: whenever the configuration has another shape, or another namespace can be read, they are made anew. */
export class Succession {
  readonly #options: SuccessionOptions;
  #works: Works | undefined;
  #reachable: Reachable | undefined;
  #failure: string | undefined;

  constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** Those that run now; undefined in between, and until there is a usable configuration. */
  get works(): Works | undefined {
    return this.#works;
  }

  /**
   * Runs until the signal aborts. Rejects with `MissingRightsError` when, at first, there is not one namespace that
   * it has the rights to work in; later, that is only told, and tried again.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { configuration } = this.#options;
    for (let isFirst = true; ; isFirst = false) {
      const settings = await configuration.usable(signal);
      if (settings === undefined) return;
      try {
        await this.#runOne(settings, signal);
      } catch (err) {
        if (isFirst || signal.aborted) throw err;
        this.#failure = (err as Error).message;
        this.#options.log.error({ err }, `${this.#failure}; trying again`);
        await sleep(retryMs, signal, systemClock).catch(() => {});
      }
    }
  }

  /** What is watched, for `/readyz`. Throws what keeps it from being watched. */
  readiness(): string {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    if (this.#works === undefined || this.#reachable === undefined) throw new Error('nothing is watched yet');
    const { namespaces, refused, absent } = this.#reachable;
    const { caches } = this.#works;
    const notListed = [...caches.missing()].map(
      ([name, plurals]) => `not yet listed in ${name}: ${plurals.join(', ')}`,
    );
    const watched = namespaces === '*' ? ['*'] : namespaces;
    if (!watched.some((name) => caches.isKnown(name))) throw new Error(notListed.join('; '));
    return [
      `watching ${describeNamespaces(namespaces)}`,
      ...notListed,
      ...[...refused].map(([name, what]) => `not watching ${name}: no right to ${what}`),
      ...absent.map((name) => `${name} does not exist`),
    ].join('; ');
  }

  async #runOne(settings: Settings, signal: AbortSignal): Promise<void> {
    const { configuration, own, log } = this.#options;
    const shape = shapeOf(settings.configuration, own);
    const reachable = await this.#findReachable(settings);
    const sight = await nodeSight(this.#options.client, log);
    const inForce = (): Settings => configuration.held.settings ?? settings;
    const works = new Works({ ...this.#options, settings: inForce }, reachable.namespaces, sight);
    const end = new AbortController();
    const stop = configuration.onChange(() => {
      const now = inForce();
      if (now === settings) return;
      settings = now;
      if (isSameShape(shapeOf(now.configuration, own), shape)) works.lookAtAll();
      else end.abort();
    });
    const asking = this.#askAgain(settings, reachable, AbortSignal.any([signal, end.signal]), () =>
      end.abort(),
    );
    this.#works = works;
    this.#reachable = reachable;
    this.#failure = undefined;
    log.info({ namespaces: reachable.namespaces }, `watching ${describeNamespaces(reachable.namespaces)}`);
    try {
      // Between reading and listening it may have changed.
      if (!isSameShape(shapeOf(inForce().configuration, own), shape)) end.abort();
      await works.run(AbortSignal.any([signal, end.signal]));
    } finally {
      stop();
      end.abort();
      this.#works = undefined;
      await asking;
    }
  }

  async #findReachable({ configuration, named }: Settings): Promise<Reachable> {
    const { client, own, origin, log } = this.#options;
    const { namespaces } = shapeOf(configuration, own);
    const rights = rightsFor({ configuration, named, own, origin });
    const reachable = await findReachable(client, rights, namespaces, own);
    for (const { what, essential } of reachable.missing)
      log.warn({ right: what, essential }, `missing right: ${what}`);
    for (const name of reachable.absent) log.warn({ namespace: name }, `namespace ${name} does not exist`);
    const isNothingLeft = reachable.namespaces !== '*' && reachable.namespaces.length === 0;
    const essential = reachable.missing.filter((right) => right.essential).map(({ what }) => what);
    const isUseless = namespaces === '*' ? essential.length > 0 : isNothingLeft;
    if (isUseless) throw new MissingRightsError(essential);
    return reachable;
  }

  /** Whoever is granted rights in a namespace later need not restart the operator. */
  async #askAgain(
    { configuration, named }: Settings,
    { refused }: Reachable,
    signal: AbortSignal,
    changed: () => void,
  ): Promise<void> {
    const { client, own, origin, log } = this.#options;
    const rights = rightsFor({ configuration, named, own, origin });
    // One question for each namespace is enough as long as the answer is no.
    const first = rights.filter(({ scope, essential }) => scope === 'watched' && essential).slice(0, 1);
    while (refused.size > 0 && !signal.aborted) {
      await sleep(retryMs, signal, systemClock).catch(() => {});
      if (signal.aborted) return;
      try {
        const asked = await findReachable(client, first, [...refused.keys()], own);
        if (asked.namespaces.length === 0) continue;
        const now = await findReachable(client, rights, asked.namespaces, own);
        if (now.namespaces.length > 0) return changed();
      } catch (err) {
        log.debug({ err }, 'asked in vain for rights');
      }
    }
  }
}
