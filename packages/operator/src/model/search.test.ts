import { expect, test } from 'vitest';
import { search, type Model } from './search.ts';

/** Two counters up to 3 that go up one at a time. */
const counters = (wrong: Model<[number, number]>['wrong']): Model<[number, number]> => ({
  initial: [0, 0],
  key: String,
  steps: ([left, right], next) => {
    if (left < 3) next('left', [left + 1, right]);
    if (right < 3) next('right', [left, right + 1]);
  },
  wrong,
});
const all = { depth: Infinity, states: Infinity };

test('every state is looked at once', () => {
  expect(
    search(
      counters(() => undefined),
      all,
    ),
  ).toEqual({ states: 16, transitions: 24, depth: 6, complete: true });
});

test('the shortest way to what must not be is told', () => {
  const { counterexample, complete } = search(
    counters(([left, right]) => (left === 2 && right === 1 ? 'two and one' : undefined)),
    all,
  );
  expect(counterexample?.wrong).toBe('two and one');
  expect(counterexample?.story.toSorted()).toEqual(['left', 'left', 'right']);
  expect(complete).toBe(false);
});

test('a start that must not be is told', () => {
  expect(
    search(
      counters(() => 'always'),
      all,
    ).counterexample,
  ).toEqual({ wrong: 'always', story: [] });
});

test('a search that ends at a limit does not claim to be complete', () => {
  expect(
    search(
      counters(() => undefined),
      { ...all, depth: 3 },
    ),
  ).toMatchObject({ depth: 3, complete: false });
  expect(
    search(
      counters(() => undefined),
      { ...all, states: 5 },
    ).complete,
  ).toBe(false);
});
