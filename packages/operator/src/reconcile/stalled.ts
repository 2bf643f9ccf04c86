import { kinds } from '../kinds.ts';
import { isStreaming, serves, type Member, type Observed } from '../observe/observed.ts';
import { postponedSteps } from '../plan/maintenance.ts';
import type { Plan, Step } from '../plan/step.ts';
import { podTrouble } from '../status/pod-trouble.ts';

/** Since when a rolling update, or restarts for a parameter, wait for the same thing, by our clock. */
export interface Waiting {
  what: string;
  since: number;
  /** Whether it is PostgreSQL that is restarted, and no pod replaced. */
  restarts?: boolean;
}

/** Trouble that a pod reports about itself is believed after this time: it may be just starting. */
const believedAfterMs = 30_000;

/** What the rolling update, or the restarts, wait for now, and since when; undefined when they do not wait. */
export function waitingOf(plan: Plan, before: Waiting | undefined, now: number): Waiting | undefined {
  const step = nextFelt(plan) ?? nextRestart(plan);
  const what = step?.waitFor;
  if (what === undefined || step?.isHeld === true) return undefined;
  if (before?.what === what) return before;
  // A pod that crashes is waited for in turns until it is ready and until it stays so.
  const since = before !== undefined && subjectOf(before.what) === subjectOf(what) ? before.since : now;
  return { what, since, ...(step?.action.type === 'restart' ? { restarts: true } : {}) };
}

/** The member that is waited for; otherwise all that is. */
function subjectOf(what: string): string {
  return /^(\S+-\d+) /.exec(what)?.[1] ?? what;
}

const settlesMs = 2_000;

/** When to look again at containers that have just begun to run, in milliseconds: nothing tells that time has passed. */
export function settlesIn(waiting: Waiting | undefined): number | undefined {
  return waiting?.what.endsWith(' stays ready') === true ? settlesMs : undefined;
}

/**
 * Why a rolling update, or the restarts for a parameter, have stopped, and what to do; undefined while they go on. They
 * stop by themselves, because no member is taken away while another one is missing; this is only about saying so.
 */
export function stalledBecause(
  observed: Observed,
  waiting: Waiting | undefined,
  now: number,
  patienceMs: number,
): string | undefined {
  if (waiting === undefined) return undefined;
  const late = lateMember(observed, waiting);
  const trouble = late === undefined ? undefined : podTrouble(late);
  const since = Math.min(waiting.since, late === undefined ? Infinity : lateSince(late));
  const waited = now - since;
  if (waited < (trouble === undefined ? patienceMs : believedAfterMs)) return undefined;
  // Copying the data may take hours, and nothing is wrong then.
  if (trouble === undefined && late?.state === 'creating replica') return undefined;
  const why = trouble?.message ?? describeLate(late, waiting, patienceMs);
  return waiting.restarts === true
    ? `the restarts for a changed parameter have stopped: ${why}. They go on by themselves when that is over; a parameter that keeps PostgreSQL from starting is taken back by correcting the manifest`
    : `the rolling update has stopped: ${why}. It goes on by itself when that is over, and replaces the pod when the manifest changes it`;
}

/** Who is waited for; when that is any primary, the first who says what is wrong with it. */
function lateMember(observed: Observed, { what }: Waiting): Member | undefined {
  const away = observed.members.filter((member) => !isStreaming(observed, member) || !member.ready);
  const named = away.find(({ name }) => what.startsWith(`${name} `));
  return named ?? (serves(observed) ? undefined : away.find((member) => podTrouble(member) !== undefined));
}

/** Without the time that has passed: the status would be written each minute. */
function describeLate(late: Member | undefined, { what }: Waiting, patienceMs: number): string {
  const time = patienceMs < 120_000 ? `${patienceMs / 1000} s` : `${Math.round(patienceMs / 60_000)} minutes`;
  if (late === undefined) {
    return `it has waited more than ${time} for "${what}"; kubectl describe statefulset shows what Kubernetes says`;
  }
  if (late.deleting) {
    return `pod ${late.name} has not gone away for more than ${time}; kubectl describe pod ${late.name} shows what holds it`;
  }
  const state = late.running
    ? `Patroni says "${late.state ?? 'nothing'}"`
    : (late.waiting ?? 'it does not run');
  return `pod ${late.name} has not come back for more than ${time} (${state}); kubectl logs ${late.name} -c postgres says why`;
}

/**
 * From when on a pod can be late: that it was made, or that its grace period is over when it is to go. One that has done
 * its part before only pauses.
 */
function lateSince({ deleting, running, state, pod: { metadata } }: Member): number {
  if (running && !deleting && state === 'running') return Infinity;
  const time = Date.parse(metadata.deletionTimestamp ?? metadata.creationTimestamp ?? '');
  return Number.isNaN(time) ? Infinity : time;
}

/** The first step of a rolling update, which is what waits: a handover, or a pod that goes. */
function nextFelt({ tracks }: Plan): Step | undefined {
  const steps = tracks.find(({ name }) => name === 'pods')?.steps ?? [];
  if (!steps.some(isReplacement)) return undefined;
  return steps.find((step) => isReplacement(step) || step.action.type === 'switchover');
}

function nextRestart({ tracks }: Plan): Step | undefined {
  return tracks
    .find(({ name }) => name === 'configuration')
    ?.steps.find(({ action }) => action.type === 'restart');
}

function isReplacement({ action }: Step): boolean {
  return action.type === 'delete' && action.kind === kinds.pod;
}

/** What is said before pods are replaced; undefined when none are. */
export function announcementOf({ tracks }: Plan): string | undefined {
  const steps = tracks.find(({ name }) => name === 'pods')?.steps ?? [];
  // Whoever has nowhere to go stays where he is.
  const replacements = steps.filter(
    (step) => isReplacement(step) && !(step.drain !== undefined && step.waitFor),
  );
  const [first] = replacements;
  if (first === undefined || first.postponed !== undefined) return undefined;
  const felt = steps.filter((step) => isReplacement(step) || step.action.type === 'switchover');
  const order = felt.map(({ what }) => what).join(', ');
  const why = first.why.slice(0, 3).join('; ');
  const more = first.why.length > 3 ? '; …' : '';
  return first.disturbs === 'downtime' && replacements.length === 1
    ? `restarting in place, the database is away until the pod is back: ${order} (${why}${more})`
    : `rolling update: ${order} (${why}${more})`;
}

/** The pods that a plan replaces, by uid: the next ones have others. */
export function replacedPods({ tracks }: Plan): string[] {
  const steps = tracks.find(({ name }) => name === 'pods')?.steps ?? [];
  return steps.flatMap((step) =>
    step.action.type === 'delete' && isReplacement(step) ? [step.action.uid] : [],
  );
}

/** What is said when no pods are replaced any more; `announced`: pods that were to be. */
export function endOfRollout(plan: Plan, announced: readonly string[], observed: Observed): string {
  const pods = plan.tracks.filter(({ name }) => name === 'pods');
  if (postponedSteps({ tracks: pods }).length > 0)
    return 'the rolling update goes on in the next maintenance window';
  const left = observed.members.filter(({ pod }) => announced.includes(pod.metadata.uid ?? ''));
  if (left.length < announced.length) return 'rolling update done';
  return `rolling update called off: ${left.map(({ name }) => name).join(', ')} ${left.length === 1 ? 'stays' : 'stay'} as before`;
}
