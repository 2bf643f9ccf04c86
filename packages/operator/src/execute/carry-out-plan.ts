import { isConflict, TransportError } from '@pgherd/kube/client';
import { ApiError } from '@pgherd/kube/objects';
import { PatroniError } from '@pgherd/patroni';
import { PostgresError } from '@pgherd/postgres';
import { AmazonError } from '../amazon/amazon-error.ts';
import type { Plan, Step } from '../plan/step.ts';
import { explain, isWebhookAway } from './explain.ts';
import { PoolersBusyError } from './pause-poolers.ts';
import { NotRebuiltError } from './rebuild-member.ts';
import { NotCaughtUpError } from './switch-over.ts';
import { carryOut, type Hands, type StepContext, type StepReport } from './executor.ts';

/** A step that failed, or that left something undone. */
export interface Failure {
  step: Step;
  /** Kind of failure, in one word for machines. */
  reason: string;
  /** What is wrong, where, and what to do. */
  message: string;
  /** Likely to pass by itself within moments: a server that is just starting, a lock that is held. */
  transient: boolean;
}

/** What a pass did. */
export interface PlanOutcome {
  done: { step: Step; report: StepReport }[];
  failures: Failure[];
}

/**
 * Carries out as much of a plan as can be done now. Within a track everything happens in order, and ends at the first
 * step that has to wait, that fails, or after which the world must be looked at again. Tracks are independent.
 * Throws when the API server is away: then nothing can be done or said.
 */
export async function carryOutPlan(
  hands: Hands,
  context: StepContext,
  plan: Plan,
  signal: AbortSignal,
): Promise<PlanOutcome> {
  const outcome: PlanOutcome = { done: [], failures: [] };
  for (const track of plan.tracks) {
    for (const step of track.steps) {
      if (step.waitFor !== undefined || signal.aborted) break;
      try {
        const report = await carryOut(hands, context, step);
        outcome.done.push({ step, report });
        outcome.failures.push(
          ...report.problems.map((message) => ({
            step,
            reason: 'PostgresRefuses',
            message,
            transient: false,
          })),
        );
      } catch (error) {
        if (isApiServerAway(error)) throw error;
        outcome.failures.push({ step, ...explain(error), transient: isTransient(error) });
        break;
      }
      if (step.observeAfter === true) break;
    }
  }
  return outcome;
}

/** Whether the API server itself does not work, so that nothing can be done or said. */
export function isApiServerAway(error: unknown): boolean {
  if (error instanceof TransportError) return true;
  if (!(error instanceof ApiError) || isWebhookAway(error.message)) return false;
  return [429, 500, 502, 503, 504].includes(error.code);
}

function isTransient(error: unknown): boolean {
  if (error instanceof PostgresError) return error.transient;
  // Somebody else was faster; the next pass looks at what he wrote.
  const passing = [NotCaughtUpError, NotRebuiltError, PoolersBusyError];
  if (isConflict(error) || passing.some((kind) => error instanceof kind)) return true;
  if (error instanceof AmazonError) return ['throttled', 'unreachable', 'cooling'].includes(error.kind);
  return error instanceof PatroniError && error.status === undefined;
}
