import type { NodeContext } from './context.ts';

/** Holds a pod's status back for as long as the instance's status is to be late. */
export class LateStatus {
  readonly #context: Pick<NodeContext, 'clock' | 'statusDelayMs'>;
  readonly #due: () => void;
  #held: { until: number; cancel: () => void } | undefined;

  /** `due`: the time is over; the status is to be written as it is then. */
  constructor(context: Pick<NodeContext, 'clock' | 'statusDelayMs'>, due: () => void) {
    this.#context = context;
    this.#due = due;
  }

  /** Whether a status that differs may be written now. The first time that it may not, a time for it is set. */
  isDue(): boolean {
    const { clock, statusDelayMs } = this.#context;
    const delayMs = statusDelayMs();
    if (delayMs === 0 || (this.#held !== undefined && clock.now() >= this.#held.until)) {
      this.forget();
      return true;
    }
    this.#held ??= { until: clock.now() + delayMs, cancel: clock.after(delayMs, this.#due) };
    return false;
  }

  /** Nothing is held back any more. */
  forget(): void {
    this.#held?.cancel();
    this.#held = undefined;
  }
}
