import type { Result } from './result.ts';
import type { WorkQueue } from './work-queue.ts';

/** Does the work for one key. An exception is a failure: the key comes again with a growing delay. */
export type Handler<K extends string> = (key: K, signal: AbortSignal) => Result | Promise<Result>;

/** Settings of `runWorkers`. */
export interface RunWorkersOptions<K extends string> {
  /** Told of each failure; `retryMs` is the delay until the key comes again. What it throws is ignored. */
  onError: (error: unknown, key: K, retryMs: number) => void;
  /** Ends the workers: no further key is begun, running handlers get the signal and are waited for. */
  signal?: AbortSignal;
}

/**
 * Lets `count` workers take keys from the queue until the signal aborts or the queue is shut down.
 * The promise resolves when all of them have ended; it never rejects.
 *
 * Success forgets the key's failures; `requeueAfter` adds it again after that time; an exception adds it rate limited.
 */
export async function runWorkers<K extends string>(
  queue: WorkQueue<K>,
  count: number,
  handler: Handler<K>,
  options: RunWorkersOptions<K>,
): Promise<void> {
  const signal = options.signal ?? new AbortController().signal;
  const stop = (): void => queue.shutDown();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const breath = breathing();
    const workers = Array.from({ length: count }, () =>
      work(queue, handler, options.onError, signal, breath),
    );
    await Promise.all(workers);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function work<K extends string>(
  queue: WorkQueue<K>,
  handler: Handler<K>,
  onError: RunWorkersOptions<K>['onError'],
  signal: AbortSignal,
  breath: () => Promise<void> | undefined,
): Promise<void> {
  for (;;) {
    const key = await queue.get();
    if (key === undefined) return;
    try {
      // An aborted worker takes what still waits off the queue without doing it.
      if (!signal.aborted) await handleOne(queue, key, handler, onError, signal);
    } finally {
      queue.done(key);
    }
    await breath();
  }
}

/** So long work that waits for nothing may keep the rest of the process waiting, in milliseconds. */
const breathMs = 20;

/**
 * To be awaited between two keys. A pass over what has not changed waits for nothing: a thousand of them in a row would
 * keep timers, watches and answers from their turn.
 */
function breathing(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < breathMs) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}

async function handleOne<K extends string>(
  queue: WorkQueue<K>,
  key: K,
  handler: Handler<K>,
  onError: RunWorkersOptions<K>['onError'],
  signal: AbortSignal,
): Promise<void> {
  try {
    const result = await handler(key, signal);
    queue.forget(key);
    if (result.kind === 'requeueAfter') queue.addAfter(key, result.ms);
  } catch (error) {
    const retryMs = queue.addRateLimited(key);
    // Work that was cut off by stopping is no failure worth telling.
    if (signal.aborted) return;
    try {
      onError(error, key, retryMs);
    } catch {
      // A broken listener must not end the worker.
    }
  }
}
