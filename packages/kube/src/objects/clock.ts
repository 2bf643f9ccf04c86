/** The one source of time and of waiting; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970 (wall clock). */
  now(): number;
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/**
 * Milliseconds from `since` until `now`. A clock that was set back since then cannot tell: that counts as endless, so that
 * nothing waits for as long as the clock was set back.
 */
export function elapsedMs(since: number, now: number): number {
  return now < since ? Infinity : now - since;
}

/** A timer for longer would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. Timers do not keep the process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const now = Math.min(left, LONGEST_TIMER_MS);
      timer = setTimeout(() => (left > now ? wait(left - now) : fn()), now);
      timer.unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
