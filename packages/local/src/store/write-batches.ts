import type { Store } from './store.ts';

/** Pieces of work carried out without a look at what else has come in; most take well under a millisecond. */
const most = 50;

/** A piece of work that waits for its turn. */
interface Waiting {
  /** Carries it out and keeps what came of it; never throws. */
  carryOut(): void;
  /** Tells what came of it. */
  settle(): void;
  fail(error: unknown): void;
}

/**
 * Carries out what requests and controllers want to write at the same time, so that they wait for the disk together. They
 * keep their order, and each is answered after all of them are on disk.
 */
export class WriteBatches {
  readonly #store: Pick<Store, 'transaction'>;
  #waiting: Waiting[] = [];

  constructor(store: Pick<Store, 'transaction'>) {
    this.#store = store;
  }

  /** Answers what `work` answers, or rejects with what it throws; 503 when the disk failed. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let settle = (): void => {};
      this.#waiting.push({
        carryOut() {
          try {
            const result = work();
            settle = () => resolve(result);
          } catch (error) {
            settle = () => reject(error);
          }
        },
        settle: () => settle(),
        fail: reject,
      });
      // Everything that can be read from sockets now is read before the next turn.
      if (this.#waiting.length === 1) setImmediate(() => this.#carryOut());
    });
  }

  #carryOut(): void {
    const batch = this.#waiting.splice(0, most);
    if (this.#waiting.length > 0) setImmediate(() => this.#carryOut());
    try {
      this.#store.transaction(() => {
        for (const each of batch) each.carryOut();
      });
    } catch (error) {
      for (const each of batch) each.fail(error);
      return;
    }
    for (const each of batch) each.settle();
  }
}
