import type { Clock } from '@pgherd/kube/objects';

/** Time that only passes when the test says so. */
export class PlayedClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00Z');
  readonly #waiting = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + ms, run };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  /** Second by second, each with all that follows from it. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.#now += 1000;
      for (const entry of [...this.#waiting].filter(({ at }) => at <= this.#now)) {
        this.#waiting.delete(entry);
        entry.run();
      }
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
