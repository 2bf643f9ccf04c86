import { expect, test } from 'vitest';
import { check, isClean } from './check.ts';
import type { History, Server, Write } from './history.ts';

const first: Server = { address: '10.0.0.1', timeline: 1 };
const second: Server = { address: '10.0.0.2', timeline: 2 };
const moved: Server = { address: '10.0.0.3', timeline: 1 };

let clock = 0;

/** A write that begins after the one before has ended. */
function write(n: number, server: Server | undefined, more: Partial<Write> = {}): Write {
  clock += 10;
  const outcome = server === undefined ? ('unknown' as const) : ('acknowledged' as const);
  const made = { client: 'a', n, startedAt: clock, endedAt: clock + 5, outcome, ...more };
  return server === undefined ? made : { ...made, server };
}

function history(writes: Write[], rows: number[], reads: History['reads'] = []): History {
  return { writes, reads, rows: { a: rows } };
}

test('a takeover without loss is clean, whatever became of the writes without an answer', () => {
  const writes = [write(1, first), write(2, undefined), write(3, undefined), write(4, second)];
  for (const rows of [
    [1, 4],
    [1, 2, 4],
    [1, 2, 3, 4],
  ])
    expect(isClean(check(history(writes, rows)))).toBe(true);
});

test('an acknowledged row that is gone is lost', () => {
  const verdict = check(history([write(1, first), write(2, first), write(3, second)], [1, 3]));
  expect(verdict.lost).toEqual(['row 2 of a, acknowledged by 10.0.0.1 on timeline 1']);
  expect(isClean(verdict)).toBe(false);
});

test('a row that nobody wrote, that was refused, or that is there twice', () => {
  const refused = write(2, undefined, { outcome: 'refused' });
  const verdict = check(history([write(1, first), refused], [1, 1, 2, 7]));
  expect(verdict.invented).toEqual([
    'row 1 of a, 2 times',
    'row 2 of a, which was refused',
    'row 7 of a, which nobody wrote',
  ]);
  expect(isClean(verdict)).toBe(false);
});

test('two primaries: an acknowledgement on the old timeline after one on the new', () => {
  const writes = [write(1, first), write(2, second), write(3, first)];
  const { twoPrimaries } = check(history(writes, [1, 2, 3]));
  expect(twoPrimaries).toEqual([
    'row 3 of a by 10.0.0.1 on timeline 1, after row 2 of a by 10.0.0.2 on timeline 2 had been acknowledged',
  ]);
});

test('two primaries are found between clients', () => {
  const writes = [write(1, first), write(1, second, { client: 'b' }), write(2, first)];
  expect(check({ writes, reads: [], rows: { a: [1, 2], b: [1] } }).twoPrimaries).toHaveLength(1);
});

test('an answer that was on its way while another was promoted is no second primary', () => {
  const slow = write(2, first);
  const quick = write(3, second, { client: 'b' });
  const late = { ...slow, endedAt: quick.endedAt + 100 };
  expect(check({ writes: [late, quick], reads: [], rows: { a: [2], b: [3] } }).twoPrimaries).toEqual([]);
});

test('on one timeline a server may come back with another address, but two may not take turns', () => {
  const after = [write(1, first), write(2, moved), write(3, moved)];
  expect(check(history(after, [1, 2, 3])).twoPrimaries).toEqual([]);
  const turns = [write(1, first), write(2, moved), write(3, first)];
  expect(check(history(turns, [1, 2, 3])).twoPrimaries).toEqual([
    'row 3 of a by 10.0.0.1 on timeline 1, after row 2 of a by 10.0.0.3 on timeline 1 had been acknowledged',
  ]);
});

test('a read that misses what was acknowledged before it began is stale, and told only', () => {
  const writes = [write(1, first), write(2, first), write(3, first)];
  const end = writes.at(-1)?.endedAt ?? 0;
  const read = { of: 'a', startedAt: end + 1, endedAt: end + 2, seen: [2, 1], from: 1 };
  const verdict = check(history(writes, [1, 2, 3], [read]));
  expect(verdict.stale).toEqual(['a read of a did not see 1 rows, the first 3']);
  expect(isClean(verdict)).toBe(true);
  const meanwhile = { ...read, startedAt: end - 1 };
  expect(check(history(writes, [1, 2, 3], [meanwhile])).stale).toEqual([]);
  // Older rows than it looked at are not missing.
  const newest = { ...read, seen: [3], from: 3 };
  expect(check(history(writes, [1, 2, 3], [newest])).stale).toEqual([]);
});
