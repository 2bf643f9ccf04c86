import { expect, test } from 'vitest';
import { newRoundMemory, nextLookMs, takePlace, type Round } from './database-round.ts';

const minute = 60_000;

/** Looks at the moments at which they are due; answers when which place was looked at. */
function goAround(round: Round, looks: number): { at: number; place: string }[] {
  const memory = newRoundMemory();
  let now = 1_000;
  return Array.from({ length: looks }, () => {
    now += nextLookMs(memory, round, now) ?? 0;
    expect(nextLookMs(memory, round, now)).toBe(0);
    return { at: now, place: takePlace(memory, round, now) };
  });
}

test('each place has its turn once in a period, evenly spread', () => {
  const round = { cluster: 'default/acid-demo', places: ['', 'a', 'b'], periodMs: 30 * minute };
  const looks = goAround(round, 7);
  expect(looks.map(({ place }) => place)).toEqual(['', 'a', 'b', '', 'a', 'b', '']);
  const [first] = looks;
  expect(looks.map(({ at }) => at - first!.at)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => n * 10 * minute));
  expect(first!.at).toBeLessThanOrEqual(1_000 + 10 * minute);
});

test('rounds of many clusters are spread over their share of the period', () => {
  const starts = Array.from({ length: 1_000 }, (_, index) => {
    const round = { cluster: `default/acid-${index}`, places: [''], periodMs: 30 * minute };
    return goAround(round, 1)[0]!.at;
  });
  for (let part = 0; part < 10; part += 1) {
    const inPart = starts.filter((at) => Math.floor((at - 1_000) / (3 * minute)) === part);
    expect(inPart.length).toBeGreaterThan(50);
  }
});

test('a shortened period pulls the next look in; places that vanish are passed over', () => {
  const memory = newRoundMemory();
  const long = { cluster: 'a/b', places: ['x', 'y', 'z'], periodMs: 60 * minute };
  takePlace(memory, long, 0);
  takePlace(memory, long, 0);
  expect(nextLookMs(memory, long, 0)).toBe(20 * minute);
  const short = { ...long, places: ['x'], periodMs: minute };
  expect(nextLookMs(memory, short, 0)).toBe(minute);
  expect(takePlace(memory, short, minute)).toBe('x');
});

test('a period of 0 and nothing to look at: never', () => {
  const memory = newRoundMemory();
  expect(nextLookMs(memory, { cluster: 'a/b', places: ['x'], periodMs: 0 }, 0)).toBeUndefined();
  expect(nextLookMs(memory, { cluster: 'a/b', places: [], periodMs: minute }, 0)).toBeUndefined();
});

test('a clock that was set back delays a look by no more than its share', () => {
  const memory = newRoundMemory();
  const round = { cluster: 'a/b', places: ['x'], periodMs: minute };
  takePlace(memory, round, 1_000_000);
  expect(nextLookMs(memory, round, 0)).toBeLessThanOrEqual(minute);
});
