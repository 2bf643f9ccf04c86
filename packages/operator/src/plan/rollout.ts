import type { StatefulSet } from '@pgherd/kube/objects';
import { describe, kinds } from '../kinds.ts';
import { formerPasswordAnnotation } from '../names.ts';
import { isStreaming, leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { podDrift } from './drift.ts';
import { printChange, type FieldChange } from './field-change.ts';
import type { Step } from './step.ts';
import { switchoverCandidates, switchoverStep } from './switchover.ts';

/** Zalando's operator marks pods with it that it is about to replace; a roll that it did not finish is finished. */
export const rollingUpdateAnnotation = 'zalando-postgres-operator-rolling-update-required';

/** A member whose pod is not what the template says, and why. */
export interface Outdated {
  member: Member;
  why: string[];
}

/** Pods that have to be replaced, of those that stay. */
export function outdatedMembers(
  desired: StatefulSet,
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
  isLazy: boolean,
): Outdated[] {
  const template = desired.spec?.template.spec;
  const revision = live.status?.updateRevision;
  if (template === undefined) return [];
  const isChanged = changes.some(({ path }) => path.startsWith('spec.template.spec.'));
  // Until its controller has seen a change, the revision is that of the template before.
  const isUnseen = (live.status?.observedGeneration ?? 0) < (live.metadata.generation ?? 0);
  return observed.members.flatMap((member) => {
    // Pods that go anyway are not replaced first.
    if (member.deleting || member.ordinal >= (desired.spec?.replicas ?? 0)) return [];
    const isOld = isChanged || isUnseen || (revision !== undefined && member.revision !== revision);
    const drift = isOld ? podDrift(template, member.pod) : [];
    const why = [
      ...(isLazy ? drift.filter((change) => !isImage(change)) : drift).map(printChange),
      ...marked(member),
    ];
    // A new image comes along when the pod is replaced for another reason.
    return why.length > 0 ? [{ member, why }] : [];
  });
}

function isImage({ path }: FieldChange): boolean {
  return /^spec\.(containers|initContainers)\[[^\]]*\]\.image$/.test(path);
}

function marked({ pod }: Member): string[] {
  const { annotations = {} } = pod.metadata;
  const role = annotations[formerPasswordAnnotation];
  return [
    ...(annotations[rollingUpdateAnnotation] === 'true'
      ? ['another operator began to replace it and did not finish']
      : []),
    ...(role === undefined ? [] : [`it logs in with the former password of ${role}`]),
  ];
}

/** Whether the pod is as the template says, and only knows a former password. */
export function isForPassword({ member, why }: Outdated): boolean {
  return member.pod.metadata.annotations?.[formerPasswordAnnotation] !== undefined && why.length === 1;
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
  outdated: Outdated[],
): Step[] {
  if (outdated.length === 0) return [];
  const leader = leaderOf(observed);
  const others = outdated.filter(({ member }) => member !== leader);
  const order = others.sort((a, b) => rank(observed, a.member) - rank(observed, b.member));
  const steps = order.map((entry) => replaceStep(observed, entry, 'restart'));
  const last = outdated.find(({ member }) => member === leader);
  if (last !== undefined && leader !== undefined) {
    // One that does not run has nothing to hand over, and the others may be waiting for it.
    if (!leader.running) steps.unshift(replaceStep(observed, last, 'downtime'));
    else steps.push(...replaceLeader(desired, observed, last, order));
  }
  const busy = waitingFor(live, changes, observed, outdated);
  const [first] = steps;
  if (first !== undefined && busy !== undefined) first.waitFor = busy;
  return steps;
}

/** Broken members first, then from the highest ordinal down. */
function rank(observed: Observed, member: Member): number {
  return isStreaming(observed, member) ? 1_000_000 - member.ordinal : -member.ordinal;
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
  if (missing > 0) return `${missing} missing pod${missing === 1 ? ' is' : 's are'} created`;
  const leaving = observed.members.find(({ deleting }) => deleting);
  if (leaving !== undefined) return `${leaving.name} is gone`;
  const leader = leaderOf(observed);
  const hasPrimary = leader !== undefined && isStreaming(observed, leader);
  const broken = outdated.some(({ member }) => !isStreaming(observed, member));
  // Without a primary nobody streams: then those that are broken and outdated are what is waited for.
  if (broken && !hasPrimary) return undefined;
  const isOld = (member: Member) => outdated.some((entry) => entry.member === member);
  const inProgress = observed.members.find((member) => !isOld(member) && !isStreaming(observed, member));
  if (inProgress !== undefined) return `${inProgress.name} streams`;
  // A container beside PostgreSQL that does not come up takes the pod out of the Services.
  const unready = observed.members.find((member) => !isOld(member) && !member.ready);
  if (unready !== undefined) return `${unready.name} is ready`;
  return hasPrimary || broken ? undefined : 'a primary accepts writes';
}

function replaceLeader(
  desired: StatefulSet,
  observed: Observed,
  leader: Outdated,
  before: Outdated[],
): Step[] {
  const alone = (desired.spec?.replicas ?? 0) <= 1 || observed.members.length <= 1;
  if (alone) return [replaceStep(observed, leader, 'downtime')];
  // With replicas still to be replaced the candidate is a guess for the reader; by its turn it is chosen again.
  const isGuess = before.length > 0;
  const others = observed.members.filter(
    ({ ordinal, name }) => ordinal < (desired.spec?.replicas ?? 0) && name !== leader.member.name,
  );
  const [candidate] = switchoverCandidates(observed, others);
  const why = 'the primary is replaced last, after its role has moved to a member that is new';
  const step = switchoverStep(observed, leader.member, candidate, why);
  if (isGuess) delete step.waitFor;
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
