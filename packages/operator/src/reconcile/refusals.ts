import { elapsedMs } from '@pgherd/kube/objects';
import type { Failure, PlanOutcome } from '../execute/carry-out-plan.ts';
import type { Plan, Step } from '../plan/step.ts';

/** So often it is tried at the queue's own pace: what is in the way may just be going away. */
const patience = 4;
const firstDelayMs = 15_000;
const longestDelayMs = 5 * 60_000;

/** What PostgreSQL refused of what is declared, or what cannot be carried out there. */
export interface Refusal {
  /** What was to be brought in line, and where: something else is tried at once. */
  fingerprint: string;
  /** Of the manifest: somebody who has just changed anything there is waiting for it. */
  generation: number;
  tries: number;
  /** Time of the last try, in milliseconds since 1970. */
  at: number;
  failures: Failure[];
}

/** The refusal to remember after a pass; undefined when there is none (any more). */
export function refusalAfter(
  known: Refusal | undefined,
  { done, failures }: PlanOutcome,
  generation: number,
  now: number,
): Refusal | undefined {
  // With other libraries, for example, it may go.
  if (done.some(({ step }) => isRestart(step))) return undefined;
  const tried = done.find(({ step }) => step.action.type === 'sql')?.step;
  // It was not its turn, or did not even get as far as being refused.
  if (tried?.action.type !== 'sql') return known;
  const refused = failures.filter(({ step }) => step === tried);
  if (refused.length === 0) return undefined;
  const { fingerprint } = tried.action;
  const isSame = known?.fingerprint === fingerprint && known.generation === generation;
  return { fingerprint, generation, tries: isSame ? known.tries + 1 : 1, at: now, failures: refused };
}

/** A plan that waits before it tries again what was refused. */
export interface Patient {
  plan: Plan;
  /** When it is tried again, in milliseconds from now; undefined: nothing waits. */
  nextMs: number | undefined;
  /** What is known to be wrong meanwhile. */
  failures: Failure[];
}

/**
 * Each try looks into all databases, and nothing tells when somebody has put right what is in the way there. So the same
 * is tried more and more slowly, and stays told in between.
 */
export function waitAfterRefusal(
  refusal: Refusal | undefined,
  plan: Plan,
  generation: number,
  now: number,
): Patient {
  const delayMs = refusal?.generation === generation ? delayAfter(refusal.tries) : 0;
  const nextMs = refusal === undefined ? 0 : delayMs - elapsedMs(refusal.at, now);
  const isRefused = ({ action, waitFor }: Step) =>
    action.type === 'sql' && waitFor === undefined && action.fingerprint === refusal?.fingerprint;
  if (refusal === undefined || nextMs <= 0 || !plan.tracks.some(({ steps }) => steps.some(isRefused)))
    return { plan, nextMs: undefined, failures: [] };
  const waitFor = `${delayMs / 1000} s have passed since PostgreSQL refused a part of it`;
  const why = ['all of it is done but for what was refused'];
  const tracks = plan.tracks.map((track) => ({
    ...track,
    steps: track.steps.map((step) => (isRefused(step) ? { ...step, why, waitFor } : step)),
  }));
  return { plan: { tracks }, nextMs, failures: refusal.failures };
}

function isRestart({ disturbs }: Step): boolean {
  return disturbs === 'restart' || disturbs === 'downtime';
}

function delayAfter(tries: number): number {
  return tries < patience ? 0 : Math.min(firstDelayMs * 2 ** (tries - patience), longestDelayMs);
}
