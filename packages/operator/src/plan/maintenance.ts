import type { Deployment } from '@pgherd/kube/objects';
import type { Maintenance } from '../maintenance/maintenance.ts';
import { kinds } from '../kinds.ts';
import { find, isStreaming, leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { isOfUse } from './rollout.ts';
import { sharedChangeOf } from './shared-parameters.ts';
import type { Plan, Step, Track } from './step.ts';

/**
 * Outside of maintenance windows nobody is taken away who does his part. What is broken is repaired at any time, and what
 * is not there is made.
 */
export function postpone(tracks: Track[], observed: Observed, maintenance: Maintenance | undefined): Track[] {
  const { waits } = maintenance ?? {};
  if (waits === undefined) return tracks;
  const postponed = (step: Step): Step =>
    step.waitFor !== undefined && step.isHeld === true
      ? step
      : {
          ...step,
          waitFor: waits.until,
          isHeld: true,
          postponed: waits.at === undefined ? {} : { at: waits.at },
        };
  // That the operator is new is no reason to keep a primary on a node that is about to go.
  const isFree = ({ drain }: Step) => drain === 'urgent' || (drain === 'orderly' && waits.at === undefined);
  return tracks.flatMap(({ name, steps }): Track[] => {
    const waiting = steps.map((step) =>
      takesAway(step, observed) && !isFree(step) ? postponed(step) : step,
    );
    if (name !== 'objects') return [{ name, steps: waiting }];
    // Objects do not depend on each other: those that may be written must not stand behind one that waits.
    const [now, later] = [waiting.filter(isNow), waiting.filter((step) => !isNow(step))];
    return [now, later].filter(({ length }) => length > 0).map((part) => ({ name, steps: part }));
  });
}

/** When what waits for a window can be done, in milliseconds since 1970; undefined when nothing does. */
export function postponedUntil({ tracks }: Plan): number | undefined {
  const times = tracks.flatMap(({ steps }) => steps.flatMap(({ postponed }) => postponed?.at ?? []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Steps that can be done only in a window or behind one that can, in their order. */
export function postponedSteps({ tracks }: Plan): Step[] {
  return tracks.flatMap(({ steps }) => {
    const first = steps.findIndex((step) => !isNow(step));
    return first === -1 ? [] : steps.slice(first);
  });
}

/** What waits, and until when, in words; undefined when nothing does. */
export function describePostponed(plan: Plan): string | undefined {
  const waiting = new Map<string, string[]>();
  for (const track of plan.tracks) {
    const steps = postponedSteps({ tracks: [track] });
    const until = steps[0]?.waitFor;
    if (until === undefined) continue;
    waiting.set(until, [...(waiting.get(until) ?? []), ...steps.map(({ what }) => what)]);
  }
  if (waiting.size === 0) return undefined;
  return [...waiting].map(([until, whats]) => `waits until ${until}: ${whats.join(', ')}`).join('; ');
}

/** Whether all that is left waits for a maintenance window. */
export function isAllPostponed({ tracks }: Plan): boolean {
  return tracks.every(({ steps: [first] }) => first === undefined || !isNow(first));
}

function isNow({ postponed }: Step): boolean {
  return postponed === undefined;
}

/** Whether somebody who serves clients is restarted, moved or replaced. */
function takesAway({ action, disturbs }: Step, observed: Observed): boolean {
  const member = (name: string) => observed.members.find((each) => each.name === name);
  const isUsed = (each: Member | undefined) => each !== undefined && isOfUse(observed, each);
  switch (action.type) {
    case 'switchover':
      return isUsed(member(action.leader));
    case 'restart': {
      const restarted = member(action.member);
      return restarted !== undefined && isStreaming(observed, restarted) && !isStuck(observed, restarted);
    }
    case 'delete':
      return action.kind === kinds.pod && isUsed(member(action.name));
    case 'apply':
      // The pods of a pooler, which Kubernetes replaces.
      return disturbs === 'restart' && poolerWorks(observed, action.object.metadata.name ?? '');
    default:
      return false;
  }
}

/** Whether a replica replays nothing, because the primary has more of what it has to have as much of, and cannot take over. */
function isStuck(observed: Observed, member: Member): boolean {
  const leader = leaderOf(observed);
  if (leader === undefined || member === leader) return false;
  return sharedChangeOf(member.pendingChanges).raised && !sharedChangeOf(leader.pendingChanges).raised;
}

/** Whether any pod of a pooler's Deployment serves; what nobody has said counts as that. */
function poolerWorks(observed: Observed, name: string): boolean {
  const { status } = (find(observed, kinds.deployment, name) ?? {}) as Partial<Deployment>;
  return status?.observedGeneration === undefined || (status.availableReplicas ?? 0) > 0;
}
