import { AsyncLocalStorage } from 'node:async_hooks';

/** What a worker does at the moment. */
export interface Work {
  /** `namespace/name` of the cluster. */
  key: string;
  startedAt: Date;
}

/**
 * The workers by number, from 0. All take their keys from one queue, and a pass has the lowest number that is free, so
 * that there are never more numbers than passes at once.
 */
export class WorkerSlots {
  readonly #busy = new Map<number, Work>();
  readonly #lastOf = new Map<string, number>();
  readonly #current = new AsyncLocalStorage<number>();
  #lastFinished: Date | undefined;

  /** Does the work of one pass under a worker's number. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    let id = 0;
    while (this.#busy.has(id)) id++;
    this.#busy.set(id, { key, startedAt: new Date() });
    this.#lastOf.set(key, id);
    try {
      return await this.#current.run(id, work);
    } finally {
      this.#busy.delete(id);
      this.#lastFinished = new Date();
    }
  }

  /** The worker that the calling code runs under; undefined outside of passes. */
  get current(): number | undefined {
    return this.#current.getStore();
  }

  /** How many work at the moment. */
  get busy(): number {
    return this.#busy.size;
  }

  /** When the last pass ended; undefined before the first. */
  get lastFinished(): Date | undefined {
    return this.#lastFinished;
  }

  /** What this worker does; undefined when it is idle. */
  of(id: number): Work | undefined {
    return this.#busy.get(id);
  }

  /** What is done for this cluster at the moment. */
  workOn(key: string): Work | undefined {
    return [...this.#busy.values()].find((work) => work.key === key);
  }

  /** The worker that has, or last had, this cluster; 0 for one that had none yet. */
  workerOf(key: string): number {
    return this.#lastOf.get(key) ?? 0;
  }

  /** The cluster is gone. */
  forget(key: string): void {
    this.#lastOf.delete(key);
  }
}
