import { expect, test } from 'vitest';
import { scheduleOf } from './schedule.ts';
import { allFaults } from './faults/index.ts';

const ids = allFaults.map(({ id }) => id);

test('there are at least 15 kinds of faults, each with a name of its own', () => {
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(15);
});

test('a seed reproduces its schedule, another seed makes another one', () => {
  expect(scheduleOf(7, ids)).toEqual(scheduleOf(7, ids));
  expect(scheduleOf(7, ids)).not.toEqual(scheduleOf(8, ids));
});

test('all faults come before one comes again, alone and in pairs', () => {
  const rounds = scheduleOf(3, ids).slice(0, 60);
  const order = rounds.flatMap(({ faults }) => faults);
  expect(new Set(order.slice(0, ids.length)).size).toBeGreaterThanOrEqual(ids.length - 1);
  expect(new Set(order)).toEqual(new Set(ids));
  expect(rounds.some(({ faults }) => faults.length === 2)).toBe(true);
  expect(rounds.some(({ faults }) => faults.length === 1)).toBe(true);
  for (const { faults } of rounds) expect(new Set(faults).size).toBe(faults.length);
});
