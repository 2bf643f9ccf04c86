import type { Clock } from '@pgherd/kube/objects';

/** How often processes are looked at, milliseconds. One system call each. */
const INTERVAL_MS = 100;

/**
 * Notices the end of containers' first processes at once: podman's own events come up to half a second late.
 * It only says where to look; what happened is the engine's word.
 */
export class ProcessWatch {
  readonly #clock: Clock;
  readonly #watched = new Map<number, () => void>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `onEnd` once when the process is gone. */
  add(pid: number, onEnd: () => void): void {
    if (pid <= 0) return;
    this.#watched.set(pid, onEnd);
    this.#schedule();
  }

  stop(): void {
    this.#watched.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    if (this.#cancel !== undefined || this.#watched.size === 0) return;
    this.#cancel = this.#clock.after(INTERVAL_MS, () => {
      this.#cancel = undefined;
      for (const [pid, onEnd] of this.#watched) {
        if (isAlive(pid)) continue;
        this.#watched.delete(pid);
        onEnd();
      }
      this.#schedule();
    });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
