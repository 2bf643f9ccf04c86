import type { PostgresqlStatus, StepStatus } from '@pgherd/api';
import { stepsOf, type Plan } from '../plan/step.ts';
import { shorten } from './trouble.ts';

/** The status is for reading; `pgherd plan` prints everything. */
const mostSteps = 20;
const mostReasons = 5;
const longestText = 300;

/** The plan for the status, bounded in number and length. */
export function stepStatuses(plan: Plan): Pick<PostgresqlStatus, 'steps' | 'stepsLeft'> {
  const steps = stepsOf(plan);
  if (steps.length === 0) return { stepsLeft: 0 };
  return {
    stepsLeft: steps.length,
    steps: steps.slice(0, mostSteps).map(({ what, why, disturbs, waitFor }): StepStatus => ({
      what: shorten(what, longestText),
      ...(why.length === 0 ? {} : { why: reasons(why) }),
      disturbs,
      ...(waitFor === undefined ? {} : { waitFor: shorten(waitFor, longestText) }),
    })),
  };
}

function reasons(why: string[]): string[] {
  const shown = why.slice(0, mostReasons).map((each) => shorten(each, longestText));
  return why.length > mostReasons ? [...shown, `and ${why.length - mostReasons} more`] : shown;
}
