import { expect, test } from 'vitest';
import type { PlanOutcome } from '../execute/carry-out-plan.ts';
import { poolersBusy } from '../execute/explain.ts';
import type { Plan, Step } from '../plan/step.ts';
import { busyPoolersAfter, patientWithPoolers, type BusyPoolers } from './busy-poolers.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const patience = 300_000;

function switchover(candidate = 'acid-demo-1'): Step {
  return {
    what: `switch over to ${candidate}`,
    why: [],
    disturbs: 'switchover',
    action: {
      type: 'switchover',
      leader: 'acid-demo-0',
      candidate,
      leaderAddress: '',
      candidateAddress: '',
      maximumLag: 0,
    },
    poolers: {
      namespace: 'default',
      role: 'primary',
      paused: ['acid-demo-pooler'],
      limit: 20,
      afterwards: 'another',
      refreshed: [],
    },
  };
}

const planOf = (...steps: Step[]): Plan => ({ tracks: [{ name: 'pods', steps }] });
const failed = (step: Step, reason = poolersBusy): PlanOutcome => ({
  done: [],
  failures: [{ step, reason, message: 'no', transient: true }],
});

/** What is known after tries at these times, in seconds. */
function tried(...seconds: number[]): BusyPoolers | undefined {
  let busy: BusyPoolers | undefined;
  for (const at of seconds) busy = busyPoolersAfter(busy, failed(switchover()), start + at * 1000);
  return busy;
}

/** What becomes of the step so many seconds after the first try: when it is tried, and whether it cuts transactions. */
function at(seconds: number, busy: BusyPoolers | undefined, patienceMs = patience) {
  const { plan, nextMs } = patientWithPoolers(
    busy,
    planOf(switchover('acid-demo-2')),
    patienceMs,
    start + seconds * 1000,
  );
  const step = plan.tracks[0]?.steps[0];
  return { waits: step?.waitFor !== undefined, cuts: step?.poolers?.cuts === true, nextMs };
}

test('it is tried again after half a minute, and cuts transactions when they have had their time', () => {
  expect(at(0, undefined)).toEqual({ waits: false, cuts: false, nextMs: undefined });
  expect(at(10, tried(0))).toEqual({ waits: true, cuts: false, nextMs: 20_000 });
  expect(at(30, tried(0))).toEqual({ waits: false, cuts: false, nextMs: undefined });
  expect(at(290, tried(0, 280))).toEqual({ waits: true, cuts: false, nextMs: 10_000 });
  expect(at(300, tried(0, 280))).toEqual({ waits: false, cuts: true, nextMs: undefined });
});

test('connection_pooler_pause_patience 0s: they are cut at once', () => {
  expect(at(0, undefined, 0)).toEqual({ waits: false, cuts: true, nextMs: undefined });
});

test('the plan says what it waits for', () => {
  const { plan } = patientWithPoolers(tried(0), planOf(switchover()), patience, start);
  expect(plan.tracks[0]?.steps[0]?.waitFor).toBe(
    'transactions through poolers have ended, or have had 300 s',
  );
});

test('other steps do not wait, and what waits for something else goes on with that', () => {
  const other: Step = { ...switchover(), action: { type: 'restart', member: 'acid-demo-1', address: '' } };
  const waiting: Step = { ...switchover(), waitFor: 'acid-demo-1 streams' };
  const { plan, nextMs } = patientWithPoolers(tried(0), planOf(other, waiting), patience, start);
  expect(plan).toEqual(planOf(other, waiting));
  expect(nextMs).toBeUndefined();
});

test('it is forgotten when it is done, and not because of something else', () => {
  const busy = tried(0);
  const done = (step: Step): PlanOutcome => ({
    done: [{ step, report: { notes: [], problems: [] } }],
    failures: [],
  });
  expect(busyPoolersAfter(busy, done(switchover()), start)).toBeUndefined();
  expect(busyPoolersAfter(busy, failed(switchover(), 'Conflict'), start)).toEqual(busy);
  const { action: _, ...rest } = switchover();
  const other: Step = { ...rest, action: { type: 'restart', member: 'acid-demo-1', address: '' } };
  expect(busyPoolersAfter(busy, done(other), start)).toEqual(busy);
  expect(busyPoolersAfter(busy, failed(other), start + 1000)).toMatchObject({ since: start + 1000 });
});
