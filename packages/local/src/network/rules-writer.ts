import type { Clock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';

/** Milliseconds that a change waits for more: one write of an object often follows another. */
const coalesce = 2;
/** Milliseconds before a failed write is tried again. */
const retryDelay = 1_000;

/** Writes the rules after changes, one write at a time, never less than the latest state. */
export interface RulesWriter {
  /** Something changed: write soon. */
  changed(): void;
  /** Write now although nothing seems to have changed; the answer is known when it stands. */
  writeNow(): Promise<void>;
  /** Waits for the write that runs; none begins afterwards. */
  stop(): Promise<void>;
}

/** `write` brings the current state into the kernel. */
export function rulesWriter(write: () => Promise<void>, clock: Clock, log: Logger): RulesWriter {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let cancel: (() => void) | undefined;

  const later = (delay: number): void => {
    if (stopped || cancel !== undefined) return;
    cancel = clock.after(delay, () => {
      cancel = undefined;
      void begin().catch(() => {});
    });
  };

  const begin = (): Promise<void> => {
    if (running !== undefined) {
      again = true;
      return running;
    }
    const finish = (): void => {
      running = undefined;
      if (again) {
        again = false;
        later(0);
      }
    };
    running = write().then(finish, (error: unknown) => {
      finish();
      log.error({ err: error }, 'cannot write the rules of Services: they stay as they were; trying again');
      later(retryDelay);
      throw error;
    });
    return running;
  };

  return {
    changed: () => later(coalesce),
    writeNow: async () => {
      // A write that runs already may have read the state before the caller's change.
      await running?.catch(() => {});
      await begin();
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await running?.catch(() => {});
    },
  };
}
