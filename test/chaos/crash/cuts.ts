import fc from 'fast-check';
import { operationNames, type OperationName } from './operations.ts';

/** After how many writes the operator is killed, by operation; none: not at all. */
export type Cuts = Partial<Record<OperationName, number>>;

/** How many writes each operation has at least; conflicts, and what Patroni leaves behind, make them more. */
export const leastWrites: Record<OperationName, number> = {
  creation: 20,
  growth: 4,
  update: 7,
  switchover: 4,
  'scale-down': 5,
  deletion: 21,
};

/** One cut of each operation for each round, spread over its writes: one in each part of them, where the seed says. */
export function seededCuts(seed: number, rounds: number): Cuts[] {
  const places = fc.array(fc.integer({ min: 0, max: 999 }), {
    minLength: operationNames.length,
    maxLength: operationNames.length,
  });
  return fc.sample(places, { seed, numRuns: rounds }).map((row, round) => {
    const cuts = operationNames.map((name, n) => {
      // Not always the first parts of all together.
      const part = (round + n) % rounds;
      return [name, 1 + Math.floor(((part + (row[n] ?? 0) / 1000) / rounds) * leastWrites[name])] as const;
    });
    return Object.fromEntries(cuts);
  });
}
