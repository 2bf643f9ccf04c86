import { resourceName, silentLogger, systemClock } from '../objects/index.ts';
import type { Clock, KubeObject, Logger, ResourceType, Status, WatchEvent } from '../objects/index.ts';
import { apiErrorFromStatus, sleep } from '../client/index.ts';
import type { Reader, Selection } from '../client/index.ts';
import { reactTo, ShortWatchError, WatchStatusError } from './reaction.ts';

/** Takes what a reflector learns. Calls come one after another. */
export interface ReflectorTarget<T extends KubeObject> {
  /** The complete state, from a list. */
  replace(objects: readonly T[]): void;
  /** New or changed. */
  upsert(object: T): void;
  /** Deleted; the object as it was last. */
  remove(object: T): void;
}

/** Settings of a reflector. */
export interface ReflectorOptions<T extends KubeObject> {
  client: Reader;
  resource: ResourceType<T>;
  target: ReflectorTarget<T>;
  /** Default: everything, in all namespaces. */
  selection?: Selection;
  /** Objects per list request. Default 500. */
  pageSize?: number;
  logger?: Logger;
  clock?: Clock;
  /** Number in [0, 1). Default `Math.random`. */
  random?: () => number;
}

/** The server is asked to end a watch after this many seconds, plus up to as many again at random. */
const WATCH_SECONDS = 300;
const SHORT_WATCH_MS = 1_000;

/**
 * Keeps a target equal to what the API server holds: one paginated list, then watches, each going on where the last
 * ended. It outlives everything that can happen to a watch and ends only with its signal:
 *
 * - ended by the server: watch again at once (after a pause when it ended at once and empty);
 * - connection broken or server away: watch again from the same position, after at most about a second;
 * - position too old (410, as answer or as event): list again, and tell the target only of the differences;
 * - resource not served (404): wait for it;
 * - anything else: again after a growing, jittered pause.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Opaque position in the event stream; absent: list first. */
  #position: string | undefined;
  #failures = 0;
  #complaint: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#name = resourceName(options.resource);
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // The clock's timers do not keep the process alive, and a pause must not end it.
    const hold = setInterval(() => {}, 2 ** 30);
    try {
      await this.#run(signal);
    } finally {
      clearInterval(hold);
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#position ??= await this.#list(signal);
        await this.#watch(this.#position, signal);
      } catch (error) {
        if (signal.aborted) return;
        const reaction = reactTo(error, this.#failures++, this.#random);
        if (reaction.relist) this.#position = undefined;
        this.#complain(error, reaction.advice, reaction.delayMs);
        await sleep(reaction.delayMs, signal, this.#clock).catch(() => {});
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, selection, pageSize, target } = this.#options;
    const list = await client.list(resource, {
      ...selection,
      signal,
      ...(pageSize === undefined ? {} : { pageSize }),
    });
    this.#hand(() => target.replace(list.items));
    this.#content();
    return list.metadata.resourceVersion ?? '';
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, resource, selection } = this.#options;
    const timeoutSeconds = WATCH_SECONDS + Math.floor(this.#random() * WATCH_SECONDS);
    const started = this.#clock.now();
    const long = (): boolean => this.#clock.now() - started >= SHORT_WATCH_MS;
    let events = 0;
    try {
      const options = { ...selection, resourceVersion: from, timeoutSeconds, signal };
      for await (const event of client.watch(resource, options)) {
        events++;
        this.#take(event);
        this.#content();
      }
    } finally {
      // A series of failures is over when a watch lived; one that brought events and broke off at once may be a circle.
      if (long()) this.#recovered();
    }
    if (signal.aborted) return;
    if (events === 0 && !long()) throw new ShortWatchError();
    this.#recovered();
  }

  #take(event: WatchEvent<T>): void {
    const { target } = this.#options;
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#hand(() => target.upsert(event.object));
        break;
      case 'DELETED':
        this.#hand(() => target.remove(event.object));
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        throw new WatchStatusError(apiErrorFromStatus(event.object as unknown as Partial<Status>));
      default:
        this.#logger.warn({ resource: this.#name, type: event.type }, 'watch event of unknown type ignored');
        return;
    }
    this.#position = event.object.metadata.resourceVersion ?? this.#position;
  }

  #hand(give: () => void): void {
    try {
      give();
    } catch (err) {
      this.#logger.error(
        { err, resource: this.#name },
        'target of the watch failed; going on with the next event',
      );
    }
  }

  #complain(err: unknown, advice: string, delayMs: number): void {
    const message = (err as Error).message;
    const expected = err instanceof ShortWatchError || advice === 'listing again';
    // Loud once for each cause, not for each attempt.
    const log = message === this.#complaint || expected ? this.#logger.debug : this.#logger.warn;
    this.#complaint = message;
    log.call(
      this.#logger,
      { err, resource: this.#name, retryMs: Math.round(delayMs) },
      `watch of ${this.#name}: ${message}; ${advice}`,
    );
  }

  #content(): void {
    if (this.#complaint === undefined) return;
    this.#complaint = undefined;
    this.#logger.info({ resource: this.#name }, `watch of ${this.#name} works again`);
  }

  #recovered(): void {
    this.#failures = 0;
    this.#content();
  }
}
