import { expect, test } from 'vitest';
import type { PlanOutcome } from '../execute/carry-out-plan.ts';
import type { Plan, Step } from '../plan/step.ts';
import { refusalAfter, waitAfterRefusal, type Refusal } from './refusals.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

function sql(fingerprint: string): Step {
  const action = { type: 'sql', address: 'a', leader: 'acid-demo-0', fingerprint } as const;
  return { what: 'bring roles and databases in line', why: [], disturbs: 'nothing', action };
}

const planOf = (...steps: Step[]): Plan => ({ tracks: [{ name: 'database', steps }] });

/** A pass in which this was tried, and in which this was refused. */
function passed(step: Step, ...messages: string[]): PlanOutcome {
  const failures = messages.map((message) => ({
    step,
    reason: 'PostgresRefuses',
    message,
    transient: false,
  }));
  return { done: [{ step, report: { notes: [], problems: messages } }], failures };
}

/** After so many tries one after the other. */
function refused(tries: number): Refusal | undefined {
  let refusal: Refusal | undefined;
  for (let number = 0; number < tries; number += 1)
    refusal = refusalAfter(refusal, passed(sql('a'), 'no'), 1, start);
  return refusal;
}

/** Seconds until the next try; undefined: at once. */
const waits = (tries: number, step = sql('a'), laterMs = 0) =>
  (waitAfterRefusal(refused(tries), planOf(step), 1, start + laterMs).nextMs ?? Number.NaN) / 1000;

test('what PostgreSQL refuses is tried more and more slowly', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((tries) => waits(tries))).toEqual([
    Number.NaN,
    Number.NaN,
    Number.NaN,
    15,
    30,
    60,
    120,
    240,
    300,
    300,
  ]);
  expect(waits(5, sql('a'), 20_000)).toBe(10);
  expect(waits(5, sql('a'), 30_000)).toBe(Number.NaN);
});

test('while it waits it stays told, and the plan says for what it waits', () => {
  const { plan, failures } = waitAfterRefusal(refused(5), planOf(sql('a')), 1, start);
  expect(plan.tracks[0]?.steps[0]?.waitFor).toBe('30 s have passed since PostgreSQL refused a part of it');
  expect(plan.tracks[0]?.steps[0]?.why).toEqual(['all of it is done but for what was refused']);
  expect(failures.map(({ message }) => message)).toEqual(['no']);
});

test('something else than what was refused is tried at once, and so is everything when the clock goes back', () => {
  expect(waits(9, sql('b'))).toBe(Number.NaN);
  expect(waits(9, sql('a'), -1)).toBe(Number.NaN);
  const other = waitAfterRefusal(refused(9), planOf(), 1, start);
  expect(other).toEqual({ plan: planOf(), nextMs: undefined, failures: [] });
});

test('what is done at last, or not even tried, is forgotten or kept', () => {
  const known = refused(5);
  expect(refusalAfter(known, { done: [], failures: [] }, 1, start)).toBe(known);
  expect(refusalAfter(known, passed(sql('a')), 1, start)).toBeUndefined();
  expect(refusalAfter(known, passed(sql('b'), 'no'), 1, start)).toMatchObject({ tries: 1 });
});

test('whoever changes anything in the manifest, or restarts a server, does not wait for it', () => {
  const known = refused(9);
  expect(waitAfterRefusal(known, planOf(sql('a')), 2, start).nextMs).toBeUndefined();
  expect(refusalAfter(known, passed(sql('a'), 'no'), 2, start)).toMatchObject({ tries: 1, generation: 2 });
  const restart = { ...sql('a'), disturbs: 'restart' as const };
  expect(refusalAfter(known, passed(restart), 1, start)).toBeUndefined();
});
