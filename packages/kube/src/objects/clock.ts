/** The one source of time and of waiting; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970 (wall clock). */
  now(): number;
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/** The machine's clock. Timers do not keep the process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
