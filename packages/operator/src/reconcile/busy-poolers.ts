import { elapsedMs } from '@pgherd/kube/objects';
import type { PlanOutcome } from '../execute/carry-out-plan.ts';
import { poolersBusy } from '../execute/explain.ts';
import type { Plan, Step } from '../plan/step.ts';

/** Each try has all clients of the pooler wait for some seconds. */
const againAfterMs = 30_000;

/** A step that is put off because transactions through poolers do not end. */
export interface BusyPoolers {
  step: string;
  /** Times of the first try and of the last one, in milliseconds since 1970. */
  since: number;
  at: number;
}

/** What to remember after a pass; undefined: nothing is put off (any more). */
export function busyPoolersAfter(
  known: BusyPoolers | undefined,
  { done, failures }: PlanOutcome,
  now: number,
): BusyPoolers | undefined {
  const busy = failures.find(({ reason }) => reason === poolersBusy);
  if (busy !== undefined) {
    const step = nameOf(busy.step);
    return { step, since: known?.step === step ? known.since : now, at: now };
  }
  return done.some(({ step }) => nameOf(step) === known?.step) ? undefined : known;
}

/**
 * The plan with that step waiting until it is tried again, and no longer waiting for transactions when they have had
 * their time. `nextMs`: when that is, from now.
 */
export function patientWithPoolers(
  busy: BusyPoolers | undefined,
  plan: Plan,
  patienceMs: number,
  now: number,
): { plan: Plan; nextMs: number | undefined } {
  const waited = busy === undefined ? 0 : elapsedMs(busy.since, now);
  const leftMs = patienceMs - waited;
  const nextMs = busy === undefined ? 0 : Math.min(againAfterMs - elapsedMs(busy.at, now), leftMs);
  const waits = nextMs > 0;
  let isWaiting = false;
  const tracks = plan.tracks.map((track) => ({
    ...track,
    steps: track.steps.map((step): Step => {
      if (step.poolers === undefined) return step;
      if (patienceMs === 0) return cutting(step);
      if (nameOf(step) !== busy?.step || step.waitFor !== undefined) return step;
      if (leftMs <= 0) return cutting(step);
      if (!waits) return step;
      isWaiting = true;
      const waitFor = `transactions through poolers have ended, or have had ${patienceMs / 1000} s`;
      return { ...step, waitFor };
    }),
  }));
  return { plan: { tracks }, nextMs: isWaiting ? nextMs : undefined };
}

function cutting(step: Step): Step {
  return step.poolers === undefined ? step : { ...step, poolers: { ...step.poolers, cuts: true } };
}

/** What stays the same when the step is planned anew, e.g. with another candidate. */
function nameOf({ action }: Step): string {
  switch (action.type) {
    case 'switchover':
      return `switchover from ${action.leader}`;
    case 'restart':
      return `restart ${action.member}`;
    case 'delete':
      return `delete ${action.uid}`;
    default:
      return action.type;
  }
}
