import { expect, test, vi } from 'vitest';
import { LateStatus } from './late-status.ts';

/** A clock that stands still until it is moved. */
function lab(delayMs: number) {
  let time = 0;
  let wake: { at: number; what: () => void } | undefined;
  const due = vi.fn<() => void>();
  const clock = {
    now: () => time,
    after: (ms: number, what: () => void) => {
      wake = { at: time + ms, what };
      return () => (wake = undefined);
    },
  };
  const late = new LateStatus({ clock, statusDelayMs: () => delayMs }, due);
  const move = (ms: number): void => {
    time += ms;
    if (wake !== undefined && wake.at <= time) wake.what();
  };
  return { late, due, move };
}

test('without a delay a status is written at once', () => {
  expect(lab(0).late.isDue()).toBe(true);
});

test('what happens while a status is held back does not hold it back for longer', () => {
  const { late, due, move } = lab(1000);
  expect(late.isDue()).toBe(false);
  move(600);
  expect(late.isDue()).toBe(false);
  move(400);
  expect(due).toHaveBeenCalledOnce();
  expect(late.isDue()).toBe(true);
  // The next one waits anew.
  expect(late.isDue()).toBe(false);
});

test('a status that is what it was again is not written', () => {
  const { late, due, move } = lab(1000);
  expect(late.isDue()).toBe(false);
  late.forget();
  move(2000);
  expect(due).not.toHaveBeenCalled();
});
