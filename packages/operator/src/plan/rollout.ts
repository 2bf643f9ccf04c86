import type { StatefulSet } from '@pgherd/kube/objects';
import { describe, kinds } from '../kinds.ts';
import { isStreaming, leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { podDrift } from './drift.ts';
import { printChange, type FieldChange } from './field-change.ts';
import type { Step } from './step.ts';
import { switchoverCandidates, switchoverStep } from './switchover.ts';

/** A member whose pod is not what the template says, and why. */
interface Outdated {
  member: Member;
  why: string[];
}

/**
 * Replaces outdated pods one at a time with the least disturbance: broken ones first, then replicas, then a
 * switchover, the old primary last. Between two of them every member that was replaced streams again.
 */
export function planRollout(
  desired: StatefulSet,
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
): Step[] {
  // Pods that go anyway are not replaced first.
  const stays = ({ member }: Outdated) => member.ordinal < (desired.spec?.replicas ?? 0);
  const outdated = outdatedMembers(desired, live, changes, observed).filter(stays);
  if (outdated.length === 0) return [];
  const leader = leaderOf(observed);
  const others = outdated.filter(({ member }) => member !== leader);
  const order = others.sort((a, b) => rank(observed, a.member) - rank(observed, b.member));
  const steps = order.map((entry) => replaceStep(observed, entry, 'restart'));
  const last = outdated.find(({ member }) => member === leader);
  if (last !== undefined && leader !== undefined)
    steps.push(...replaceLeader(desired, observed, last, order));
  const busy = waitingFor(live, changes, observed, outdated);
  const [first] = steps;
  if (first !== undefined && busy !== undefined) first.waitFor = busy;
  return steps;
}

/** Broken members first, then from the highest ordinal down. */
function rank(observed: Observed, member: Member): number {
  return isStreaming(observed, member) ? 1_000_000 - member.ordinal : -member.ordinal;
}

function outdatedMembers(
  desired: StatefulSet,
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
): Outdated[] {
  const template = desired.spec?.template.spec;
  const revision = live.status?.updateRevision;
  if (template === undefined) return [];
  const templateChanges = changes
    .filter(({ path }) => path.startsWith('spec.template.spec.'))
    .map(printChange);
  return observed.members.flatMap((member) => {
    if (member.deleting) return [];
    if (templateChanges.length > 0) return [{ member, why: templateChanges }];
    if (revision === undefined || member.revision === revision) return [];
    const drift = podDrift(template, member.pod).map(printChange);
    return drift.length > 0 ? [{ member, why: drift }] : [];
  });
}

/** What the roll-out has to wait for before it takes the next pod away; undefined when it may go on. */
function waitingFor(
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
  outdated: Outdated[],
): string | undefined {
  if (changes.length > 0) return undefined; // The StatefulSet's own step comes first, and ends the pass.
  const seen = live.status?.observedGeneration ?? 0;
  if (seen < (live.metadata.generation ?? 0)) {
    return `the StatefulSet controller has seen generation ${live.metadata.generation}`;
  }
  const missing = (live.spec?.replicas ?? 0) - observed.members.length;
  if (missing > 0) return `${missing} missing pod${missing === 1 ? '' : 's'} to be created`;
  const isOld = (member: Member) => outdated.some((entry) => entry.member === member);
  const inProgress = observed.members.find(
    (member) => member.deleting || (!isOld(member) && !isStreaming(observed, member)),
  );
  if (inProgress !== undefined) return `${inProgress.name} streams`;
  const broken = outdated.some(({ member }) => !isStreaming(observed, member));
  const leader = leaderOf(observed);
  if (!broken && (leader === undefined || !isStreaming(observed, leader))) return 'a primary accepts writes';
  return undefined;
}

function replaceLeader(
  desired: StatefulSet,
  observed: Observed,
  leader: Outdated,
  before: Outdated[],
): Step[] {
  const alone = (desired.spec?.replicas ?? 0) <= 1 || observed.members.length <= 1;
  // A primary that does not run cannot hand over; if it has a replica, Patroni has already been asked to fail over.
  if (alone || !leader.member.running) return [replaceStep(observed, leader, 'downtime')];
  const others = observed.members.filter(
    ({ ordinal, name }) => ordinal < (desired.spec?.replicas ?? 0) && name !== leader.member.name,
  );
  const [candidate] = switchoverCandidates(observed, others);
  const step = switchoverStep(
    leader.member,
    candidate,
    'the primary is replaced last, after its role has moved',
  );
  // With replicas still to be replaced the candidate is a guess for the reader; by its turn it is chosen again.
  if (before.length > 0) delete step.waitFor;
  return [step, replaceStep(observed, leader, 'restart')];
}

function replaceStep(observed: Observed, { member, why }: Outdated, disturbs: Step['disturbs']): Step {
  return {
    what: `replace ${describe(kinds.pod, member.name)}`,
    why,
    disturbs,
    action: {
      type: 'delete',
      kind: kinds.pod,
      namespace: observed.namespace,
      name: member.name,
      uid: member.pod.metadata.uid ?? '',
    },
    observeAfter: true,
  };
}
