import { isConflict } from '../client/index.ts';
import { silentLogger, systemClock } from '../objects/index.ts';
import type { Clock, Logger } from '../objects/index.ts';
import { done, runWorkers, WorkQueue } from '../queue/index.ts';
import type { BackoffOptions, Result } from '../queue/index.ts';
import { aborted } from './aborted.ts';
import type { Source } from './source.ts';

/** A failure that trying again cannot mend; the key comes again only when something changes. */
export class TerminalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TerminalError';
  }
}

/** One finished pass, for metrics. */
export interface Reconciled {
  controller: string;
  key: string;
  outcome: 'done' | 'requeueAfter' | 'conflict' | 'terminal' | 'error';
  ms: number;
}

/** Settings of a controller. */
export interface ControllerOptions<K extends string = string> {
  /** Stands in logs and metrics. */
  name: string;
  sources: readonly Source<K>[];
  /**
   * Brings what is closer to what should be, for one key. It never runs twice at once for the same key. It gets the state
   * from caches, not from the event that woke it. An exception makes the key come again with a growing delay, a
   * `TerminalError` does not. The signal aborts when the controller stops.
   */
  reconcile: (key: K, signal: AbortSignal) => Result | Promise<Result>;
  /** Keys worked on at the same time. Default 4. */
  workers?: number;
  /** Delays after failures. Default: the queue's. */
  backoff?: BackoffOptions;
  logger?: Logger;
  clock?: Clock;
  /** Told of every pass. What it throws is ignored. */
  onReconciled?: (pass: Reconciled) => void;
}

/** Keys from sources, through a queue, to `reconcile`. */
export class Controller<K extends string = string> {
  readonly name: string;
  readonly queue: WorkQueue<K>;
  readonly #options: ControllerOptions<K>;
  readonly #logger: Logger;

  constructor(options: ControllerOptions<K>) {
    this.name = options.name;
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.queue = new WorkQueue<K>({
      clock: options.clock ?? systemClock,
      ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
    });
  }

  /** Looks at a key for a reason of its own, e.g. because somebody asked for it. */
  enqueue(key: K): void {
    this.queue.add(key);
  }

  /**
   * Waits until all sources have synced, then works until the signal aborts and the passes at hand have ended. It can run
   * once. It never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { sources, workers = 4 } = this.#options;
    const stops = sources.map((source) => source.subscribe((key) => this.queue.add(key)));
    try {
      await Promise.race([Promise.all(sources.map(({ synced }) => synced)), aborted(signal)]);
      // Failures are logged where their outcome is decided, in #pass.
      await runWorkers(this.queue, workers, (key) => this.#pass(key, signal), { signal, onError: () => {} });
    } finally {
      for (const stop of stops) stop();
    }
  }

  async #pass(key: K, signal: AbortSignal): Promise<Result> {
    const started = performance.now();
    const report = (outcome: Reconciled['outcome']): void =>
      this.#report(key, outcome, performance.now() - started);
    const fields = { controller: this.name, key };
    try {
      const result = await this.#options.reconcile(key, signal);
      report(result.kind);
      if (result.kind === 'requeueAfter') {
        this.#logger.debug(
          { ...fields, ms: result.ms, why: result.why },
          `${key}: again later: ${result.why}`,
        );
      }
      return result;
    } catch (err) {
      if (err instanceof TerminalError) {
        report('terminal');
        this.#logger.error({ ...fields, err }, `${key}: ${err.message} (waiting for a change)`);
        return done;
      }
      if (isConflict(err)) {
        // Somebody was faster; the next pass sees what they did.
        report('conflict');
        this.#logger.debug({ ...fields, err }, `${key}: conflict, trying again`);
      } else if (!signal.aborted) {
        report('error');
        this.#logger.error(
          { ...fields, err, failures: this.queue.failures(key) + 1 },
          `${key}: ${messageOf(err)}`,
        );
      }
      throw err;
    }
  }

  #report(key: K, outcome: Reconciled['outcome'], ms: number): void {
    try {
      this.#options.onReconciled?.({ controller: this.name, key, outcome, ms });
    } catch (err) {
      this.#logger.warn({ controller: this.name, err }, 'onReconciled failed');
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
