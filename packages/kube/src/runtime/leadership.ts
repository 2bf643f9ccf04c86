import { silentLogger } from '../objects/index.ts';
import { aborted } from './aborted.ts';
import { LeaderElector, LeadershipLostError } from './leader-elector.ts';
import type { LeaderElectorOptions } from './leader-elector.ts';

/**
 * Leadership that outlives what is done under it: things that act can be stopped and others started without giving the
 * lease away in between. The lease is given up after the last act; whoever loses it stands for election again.
 */
export class Leadership {
  readonly #elector: LeaderElector;
  readonly #options: LeaderElectorOptions;
  readonly #acting = new Set<Promise<void>>();
  #elected = Promise.withResolvers<AbortSignal>();
  #isLeading = false;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#elector = new LeaderElector(options);
  }

  /** Identity of the leader; empty when unknown. */
  get leader(): string {
    return this.#elector.leader;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Stands for election until the signal aborts and the last act has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger = silentLogger } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#elector.run(signal, (term) => this.#lead(term));
      } catch (err) {
        if (!(err instanceof LeadershipLostError)) throw err;
        logger.warn({ err }, `${err.message}; everything was stopped, and waits to lead again`);
      }
    }
  }

  /**
   * Waits for leadership, then calls `act` once. Its signal aborts when leadership is lost or `signal` aborts. Resolves
   * when it has ended, without having called it if `signal` aborts before. Rejects with what `act` rejects with.
   */
  async act(signal: AbortSignal, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const term = await Promise.race([this.#elected.promise, aborted(signal)]);
    if (term === undefined || signal.aborted) return;
    const acting = act(AbortSignal.any([signal, term]));
    this.#acting.add(acting);
    try {
      await acting;
    } finally {
      this.#acting.delete(acting);
    }
  }

  async #lead(term: AbortSignal): Promise<void> {
    this.#isLeading = true;
    this.#elected.resolve(term);
    await aborted(term);
    this.#isLeading = false;
    this.#elected = Promise.withResolvers<AbortSignal>();
    await Promise.allSettled(this.#acting);
  }
}
