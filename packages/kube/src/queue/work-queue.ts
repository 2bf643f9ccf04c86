import { systemClock } from '../objects/index.ts';
import type { Clock } from '../objects/index.ts';
import { backoffDelay } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';

/** Settings of a work queue. */
export interface WorkQueueOptions {
  /** Default: the machine's clock. */
  clock?: Clock;
  /** Per-key delays of `addRateLimited`. Default: 100 ms doubling up to 60 s, half of it random. */
  backoff?: BackoffOptions;
}

const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 100, maxMs: 60_000 };

/**
 * A queue of keys with the rules of client-go's workqueue:
 *
 * - a key that waits already is not added twice;
 * - a key is never handed to two workers at once: added while it is worked on, it comes again after `done(key)`;
 * - `addAfter` for a key that waits for its time already keeps the earlier time;
 * - after `shutDown` nothing is accepted any more, delayed keys are dropped, waiting ones are still handed out.
 */
export class WorkQueue<K extends string = string> {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  /** Keys to hand out, oldest first. */
  readonly #ready = new Set<K>();
  /** Keys that are being worked on; `true` = added again meanwhile. */
  readonly #processing = new Map<K, boolean>();
  readonly #delayed = new Map<K, { at: number; cancel: () => void }>();
  readonly #failures = new Map<K, number>();
  readonly #waiters: ((key: K | undefined) => void)[] = [];
  #down = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
  }

  /** Keys that wait to be handed out (neither delayed ones nor those being worked on). */
  get length(): number {
    return this.#ready.size;
  }

  /** Keys that wait to be handed out, those first whose turn is next. */
  get waiting(): K[] {
    return [...this.#ready];
  }

  /** True when no key waits, is delayed or is being worked on. */
  get idle(): boolean {
    return this.#ready.size === 0 && this.#processing.size === 0 && this.#delayed.size === 0;
  }

  /** True after `shutDown`. */
  get shuttingDown(): boolean {
    return this.#down;
  }

  /** Hands the key out as soon as a worker is free. */
  add(key: K): void {
    if (this.#down) return;
    if (this.#processing.has(key)) {
      this.#processing.set(key, true);
      return;
    }
    this.#ready.add(key);
    this.#dispatch();
  }

  /** `add` after `ms` milliseconds. The earliest of several pending times wins. */
  addAfter(key: K, ms: number): void {
    if (this.#down) return;
    if (!(ms > 0)) {
      this.add(key);
      return;
    }
    const at = this.#clock.now() + ms;
    const pending = this.#delayed.get(key);
    if (pending !== undefined) {
      if (pending.at <= at) return;
      pending.cancel();
    }
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /** `addAfter` with a delay that grows with each call for this key until `forget`. Returns the delay in milliseconds. */
  addRateLimited(key: K): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const ms = backoffDelay(failures, this.#backoff);
    this.addAfter(key, ms);
    return ms;
  }

  /** Starts the delays of `addRateLimited` anew for this key; to be called after a success. */
  forget(key: K): void {
    this.#failures.delete(key);
  }

  /** How often `addRateLimited` was called for this key since the last `forget`. */
  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, as soon as there is one; `undefined` once the queue is shut down and empty. Then call `done(key)`. */
  get(): Promise<K | undefined> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#dispatch();
    });
  }

  /** Says that the work on a key, got with `get`, is over (well or not). */
  done(key: K): void {
    const again = this.#processing.get(key);
    this.#processing.delete(key);
    if (again !== true) return;
    // Also while shutting down: it was accepted before, and client-go hands it out too.
    this.#ready.add(key);
    this.#dispatch();
  }

  /** Accepts nothing more, drops delayed keys, and lets `get` answer `undefined` once the waiting keys are handed out. */
  shutDown(): void {
    this.#down = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#waiters.length > 0) {
      const next = this.#ready.values().next();
      if (next.done === true) {
        if (!this.#down) return;
        this.#waiters.shift()?.(undefined);
        continue;
      }
      this.#ready.delete(next.value);
      this.#processing.set(next.value, false);
      this.#waiters.shift()?.(next.value);
    }
  }
}
