import { expect, test } from 'vitest';
import { testObserved, testPod } from '../testing/cluster.ts';
import { withLongCopies } from './copy-watch.ts';

/** When containers of test pods begin to run. */
const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;

function isLong(now: number, state: string, running = true): boolean {
  const pod = testPod({ ordinal: 0, streaming: false, state, running });
  return withLongCopies(testObserved([], [pod]), now).members[0]?.copiesLong === true;
}

test('a copy counts as long an hour after its container began to run', () => {
  expect(isLong(start + hour - 1, 'creating replica')).toBe(false);
  expect(isLong(start + hour, 'creating replica')).toBe(true);
});

test('whoever does not copy, or does not run, does not copy for long', () => {
  expect(isLong(start + 2 * hour, 'starting')).toBe(false);
  expect(isLong(start + 2 * hour, 'creating replica', false)).toBe(false);
});
