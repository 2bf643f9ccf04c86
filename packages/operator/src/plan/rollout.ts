import type { ContainerStatus, StatefulSet } from '@pgherd/kube/objects';
import { isOn } from '@pgherd/patroni';
import { describe, kinds } from '../kinds.ts';
import { formerPasswordAnnotation } from '../names.ts';
import { isCopying } from '../observe/copy-watch.ts';
import { isStreaming, leaderOf, serves, type Member, type Observed } from '../observe/observed.ts';
import { podDrift } from './drift.ts';
import { printChange, type FieldChange } from './field-change.ts';
import { hopeless } from './nothing-serves.ts';
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
 * switchover, the old primary last. Between two of them every member that was replaced streams again. When nobody
 * serves, those that have nothing to lose are replaced all at once.
 */
export function planRollout(
  desired: StatefulSet,
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
  outdated: Outdated[],
): Step[] {
  if (outdated.length === 0) return [];
  const lost = hopeless(observed, outdated);
  const orderly = inOrder(
    desired,
    observed,
    outdated.filter((entry) => !lost.includes(entry)),
  );
  const queue = orderly.flatMap((entry, index) =>
    stepsFor(desired, observed, entry, orderly.slice(0, index)),
  );
  const [next] = orderly;
  const busy = next === undefined ? undefined : waitingFor(live, changes, observed, outdated, next.member);
  if (queue[0] !== undefined && busy !== undefined) queue[0].waitFor = busy;
  const steps = [...atOnce(observed, lost), ...queue];
  const unseen = unseenGeneration(live, changes);
  if (steps[0] !== undefined && unseen !== undefined) steps[0].waitFor = unseen;
  return steps;
}

/** The StatefulSet's own step comes before them, and ends the pass; then its controller has to take note. */
function unseenGeneration(live: StatefulSet, changes: FieldChange[]): string | undefined {
  const { generation = 0 } = live.metadata;
  const isSeen = (live.status?.observedGeneration ?? 0) >= generation;
  return changes.length > 0 || isSeen
    ? undefined
    : `the StatefulSet controller has seen generation ${generation}`;
}

function atOnce(observed: Observed, lost: Outdated[]): Step[] {
  const leader = leaderOf(observed);
  return lost.map((entry, index) => {
    const step = replaceStep(observed, entry, entry.member === leader ? 'downtime' : 'restart');
    if (index < lost.length - 1) delete step.observeAfter;
    return step;
  });
}

/** Replicas, then the primary; but a primary first whose pod keeps others from being made. */
function inOrder({ spec }: StatefulSet, observed: Observed, outdated: Outdated[]): Outdated[] {
  const leader = leaderOf(observed);
  const isOrdered = spec?.podManagementPolicy !== 'Parallel';
  const last = ({ member }: Outdated) =>
    member === leader && !(isOrdered && hasBrokenContainer(member)) ? 1 : 0;
  const byRank = (a: Outdated, b: Outdated) => rank(observed, a.member) - rank(observed, b.member);
  return [...outdated].sort((a, b) => last(a) - last(b) || byRank(a, b));
}

/** Enough to be more than any ordinal. */
const healthy = 1_000_000;

/**
 * First members that do not do their part, from the lowest ordinal up: where pods are made one after the other,
 * Kubernetes makes none above a pod that is not ready. Then the others, from the highest down.
 */
function rank(observed: Observed, member: Member): number {
  return isOfUse(observed, member) ? healthy - member.ordinal : member.ordinal;
}

/** Whether a member serves, or could take over at once. */
export function isOfUse(observed: Observed, member: Member): boolean {
  return isStreaming(observed, member) && !hasBrokenContainer(member);
}

/** Whether a container crashes or cannot be made, which keeps the pod from being ready. */
function hasBrokenContainer({ ready, pod }: Member): boolean {
  const isDown = ({ state }: ContainerStatus) =>
    state?.waiting !== undefined || (state?.terminated !== undefined && state.terminated.exitCode !== 0);
  return !ready && (pod.status?.containerStatuses ?? []).some(isDown);
}

/** What the roll-out has to wait for before it takes `next` away; undefined when it may go on. */
function waitingFor(
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
  outdated: Outdated[],
  next: Member,
): string | undefined {
  if (changes.length > 0) return undefined; // The StatefulSet's own step comes first, and ends the pass.
  const leaving = observed.members.find(({ deleting }) => deleting);
  if (leaving !== undefined) return `${leaving.name} is gone`;
  const missing = (live.spec?.replicas ?? 0) - observed.members.length;
  // One that is of no use may be the reason why another one is not made.
  if (missing > 0 && isOfUse(observed, next)) {
    return `${missing} missing pod${missing === 1 ? ' is' : 's are'} created`;
  }
  if (!serves(observed)) return 'a primary accepts writes';
  // Replaced now, it would begin anew; after long enough that is what may help.
  const copying = outdated.find(({ member }) => isCopying(member) && member.copiesLong !== true);
  if (copying !== undefined) return `${copying.member.name} has copied its data`;
  const isOld = (member: Member) => outdated.some((entry) => entry.member === member);
  const inProgress = observed.members.find((member) => !isOld(member) && !isStreaming(observed, member));
  if (inProgress !== undefined) return `${inProgress.name} streams`;
  // A container beside PostgreSQL that does not come up takes the pod out of the Services.
  const unready = observed.members.find((member) => !isOld(member) && !member.ready);
  if (unready !== undefined) return `${unready.name} is ready`;
  const settling = observed.members.find((member) => !isOld(member) && member.settling === true);
  return settling === undefined ? undefined : `${settling.name} stays ready`;
}

function stepsFor(desired: StatefulSet, observed: Observed, entry: Outdated, before: Outdated[]): Step[] {
  return entry.member === leaderOf(observed)
    ? replaceLeader(desired, observed, entry, before)
    : [replaceStep(observed, entry, 'restart')];
}

function replaceLeader(
  desired: StatefulSet,
  observed: Observed,
  leader: Outdated,
  before: Outdated[],
): Step[] {
  const alone = (desired.spec?.replicas ?? 0) <= 1;
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

/** Deletes the pod of a member; the StatefulSet makes it again. */
export function replaceStep(observed: Observed, { member, why }: Outdated, disturbs: Step['disturbs']): Step {
  const isAwaited = holdsUpCommits(observed, member);
  return {
    what: `replace ${describe(kinds.pod, member.name)}`,
    why: isAwaited ? [...why, 'commits wait for it until it is back (synchronous_mode_strict)'] : why,
    disturbs: isAwaited ? 'downtime' : disturbs,
    action: {
      type: 'delete',
      kind: kinds.pod,
      namespace: observed.namespace,
      name: member.name,
      uid: member.pod.metadata.uid ?? '',
      // A pod that is deleted stops without one.
      ...(disturbs === 'downtime' && member.running && member.address !== undefined
        ? { checkpoint: member.address }
        : {}),
    },
    observeAfter: true,
  };
}

/** Whether commits wait for the member while it is away, because nobody else can confirm them. */
function holdsUpCommits({ configuration, members }: Observed, gone: Member): boolean {
  const { synchronous_mode: mode, synchronous_mode_strict: isStrict } = configuration ?? {};
  const isSynchronous = mode === 'quorum' || isOn(mode);
  return isOn(isStrict) && isSynchronous && members.length === 2 && members.includes(gone);
}
