import type { Usage } from './usage.ts';

/** A look back of a week, and the last samples as they came. */
const coarseMs = 60 * 60_000;
const mostCoarse = 7 * 24;
const mostFine = 30;

/** What was seen of one volume; bounded, and only in memory. */
export class UsageHistory {
  #coarse: Usage[] = [];
  #fine: Usage[] = [];

  add(usage: Usage): void {
    const lastCoarse = this.#coarse.at(-1);
    if (lastCoarse === undefined || usage.at - lastCoarse.at >= coarseMs)
      this.#coarse = [...this.#coarse, usage].slice(-mostCoarse);
    this.#fine = [...this.#fine, usage].slice(-mostFine);
  }

  get last(): Usage | undefined {
    return this.#fine.at(-1);
  }

  /** All that is kept, the oldest first. */
  get samples(): Usage[] {
    const since = this.#fine[0]?.at ?? Infinity;
    return [...this.#coarse.filter(({ at }) => at < since), ...this.#fine];
  }

  /** Bytes a second that were written between the last two samples; 0 when it became less. */
  get rate(): number {
    const [before, last] = this.#fine.slice(-2);
    if (before === undefined || last === undefined || last.at <= before.at) return 0;
    return Math.max(0, ((last.used - before.used) * 1000) / (last.at - before.at));
  }
}
