import fc from 'fast-check';

/** One or two faults at a time. */
export interface Round {
  /** Ids of faults. */
  faults: string[];
  /** Milliseconds from the first to the second. */
  apartMs: number;
  /** How long they last before they are healed, milliseconds. */
  holdMs: number;
}

/** Longest time from one fault of a pair to the other. */
const furthestApartMs = 3000;
/** Around Patroni's `retry_timeout` (10 s) and `ttl` (30 s), and much shorter. */
const holds = [500, 2000, 6000, 12_000, 35_000];

/** More than any run has time for. */
const rounds = 2000;

/** The rounds of a seed: the same seed and faults, the same rounds. Every fault comes once before any comes again. */
export function scheduleOf(seed: number, faults: readonly string[]): Round[] {
  const sets = Math.ceil((rounds * 2) / faults.length) + 1;
  const shuffled = fc.array(fc.shuffledSubarray([...faults], { minLength: faults.length }), {
    minLength: sets,
    maxLength: sets,
  });
  const details = fc.record({
    isPair: fc.boolean(),
    apartMs: fc.integer({ min: 0, max: furthestApartMs }),
    holdMs: fc.constantFrom(...holds),
  });
  const [order = []] = fc.sample(shuffled, { seed, numRuns: 1 });
  const queue = order.flat();
  return fc.sample(details, { seed, numRuns: rounds }).map(({ isPair, apartMs, holdMs }) => {
    const [first = '', second = ''] = queue.splice(0, isPair ? 2 : 1);
    const isTwice = first === second || second === '';
    return { faults: isTwice ? [first] : [first, second], apartMs, holdMs };
  });
}
