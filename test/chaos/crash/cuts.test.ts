import { expect, test } from 'vitest';
import { leastWrites, seededCuts } from './cuts.ts';
import { operationNames } from './operations.ts';

test('cuts of a seed are the same each time, spread over all writes of an operation, and another seed has others', () => {
  expect(seededCuts(5, 5)).toEqual(seededCuts(5, 5));
  expect(seededCuts(6, 5)).not.toEqual(seededCuts(5, 5));
  for (const seed of [1, 2, 3]) {
    const rounds = seededCuts(seed, 5);
    expect(rounds).toHaveLength(5);
    for (const name of operationNames) {
      const all = leastWrites[name];
      const cuts = rounds.map((cut) => cut[name] ?? 0).toSorted((a, b) => a - b);
      for (const [part, cut] of cuts.entries()) {
        expect(cut).toBeGreaterThanOrEqual(1 + Math.floor((part / 5) * all));
        expect(cut).toBeLessThanOrEqual(Math.ceil(((part + 1) / 5) * all));
      }
    }
  }
});
