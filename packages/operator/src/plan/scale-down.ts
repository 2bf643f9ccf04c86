import type { StatefulSet } from '@pgherd/kube/objects';
import { describe, type Desired } from '../kinds.ts';
import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import type { Step } from './step.ts';
import { switchoverCandidates, switchoverStep } from './switchover.ts';

/**
 * What must happen before the StatefulSet may shrink from `current` to `wanted` pods, so that the primary is never
 * among those that go. Members above the primary go first; then the role moves down, if need be in several hops,
 * because in synchronous mode only a synchronous standby may take over.
 */
export function scaleDownSteps(
  desired: Desired,
  wanted: number,
  current: number,
  observed: Observed,
): Step[] {
  if (wanted === 0) return [];
  const goesDown = `scale down from ${current} to ${wanted}`;
  const leader = leaderOf(observed);
  if (leader === undefined || !isStreaming(observed, leader)) {
    return [waitForPrimary(desired, goesDown)];
  }
  if (leader.ordinal < wanted) return [];
  const steps: Step[] = [];
  if (leader.ordinal + 1 < current) steps.push(shrinkTo(desired, leader.ordinal + 1, goesDown));
  const below = observed.members.filter(({ ordinal }) => ordinal < leader.ordinal);
  // Straight to a member that stays, if one can.
  const candidates = switchoverCandidates(observed, below);
  const candidate = candidates.find(({ ordinal }) => ordinal < wanted) ?? candidates[0];
  steps.push(
    switchoverStep(observed, leader, candidate, `${goesDown}: the primary is among the pods that go`),
  );
  return steps;
}

function shrinkTo({ kind, object }: Desired, replicas: number, why: string): Step {
  const spec = { ...(object as StatefulSet).spec, replicas };
  return {
    what: `scale ${describe(kind, object.metadata.name ?? '')} to ${replicas}`,
    why: [why],
    disturbs: 'nothing',
    action: { type: 'apply', kind, object: { ...object, spec } },
    observeAfter: true,
  };
}

/** Without a primary nobody can say which pods may go. */
function waitForPrimary({ kind, object }: Desired, why: string): Step {
  return {
    what: `find the primary before ${describe(kind, object.metadata.name ?? '')} shrinks`,
    why: [why],
    disturbs: 'nothing',
    action: { type: 'apply', kind, object },
    waitFor: 'a primary accepts writes',
  };
}
