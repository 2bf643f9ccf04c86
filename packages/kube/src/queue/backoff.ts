/** How delays between attempts grow. */
export interface BackoffOptions {
  /** Delay before the first retry, in milliseconds. */
  baseMs: number;
  /** No delay is ever longer, in milliseconds. */
  maxMs: number;
  /** Each further failure multiplies the delay by this. Default 2. */
  factor?: number;
  /** Share of the delay that is random, 0 to 1: `0.5` means between half of it and all of it. Default 0.5. */
  jitter?: number;
  /** Number in [0, 1); tests bring their own. Default `Math.random`. */
  random?: () => number;
}

/** The delay after `failures` earlier failures (0 for the first), in milliseconds, never above `maxMs`. */
export function backoffDelay(failures: number, options: BackoffOptions): number {
  const { baseMs, maxMs, factor = 2, jitter = 0.5, random = Math.random } = options;
  // The power overflows to Infinity for many failures; min() brings that back to the cap.
  const full = Math.min(maxMs, baseMs * factor ** failures);
  return full * (1 - jitter * random());
}

/** Delays of one series of attempts: grows with `next()`, starts again after `reset()`. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Failures since the last reset. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts one more failure and returns how long to wait before the next attempt, in milliseconds. */
  next(): number {
    return backoffDelay(this.#failures++, this.#options);
  }

  /** To be called after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
