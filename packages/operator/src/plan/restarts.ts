import { isStreaming, type Member, type Observed } from '../observe/observed.ts';
import { sharedChangeOf, type SharedChange } from './shared-parameters.ts';
import type { Step } from './step.ts';

/** Restarts that Patroni says are pending: one member at a time, the next one when all stream again. */
export function pendingRestarts(observed: Observed, leader: Member): Step[] {
  const changes = new Map(observed.members.map((member) => [member, sharedChangeOf(member.pendingChanges)]));
  const pending = observed.members.filter((member) => isWanted(member, leader));
  const order = pending.includes(leader)
    ? inRounds(pending, leader, (member) => changes.get(member) ?? neither)
    : pending;
  const untold = observed.newsExpected === true ? 'every member has said whether it must restart' : undefined;
  const broken = observed.members.find((member) => !isStreaming(observed, member));
  const unheard = observed.members.find(({ restartUnheard }) => restartUnheard === true);
  const waitFor =
    untold ??
    (broken === undefined ? undefined : `${broken.name} streams`) ??
    (unheard === undefined ? undefined : `${unheard.name} has said what still waits after its restart`);
  return restartSteps(order, leader, waitFor, (member) => {
    const takesIn = member.pendingChanges.map(({ name }) => name);
    const what = takesIn.length === 0 ? 'a changed parameter' : takesIn.join(', ');
    return { why: `${what} waits for a restart`, takesIn };
  });
}

/** Restarts that a change of the parameters `takesIn` will need, as far as is known before Patroni has said so. */
export function expectedRestarts(
  observed: Observed,
  leader: Member,
  change: SharedChange,
  takesIn: readonly string[],
): Step[] {
  const running = observed.members.filter((member) => member.running);
  const waitFor = 'Patroni says that a restart is pending';
  return restartSteps(
    inRounds(running, leader, () => change),
    leader,
    waitFor,
    () => ({ why: `${takesIn.join(', ') || 'a changed parameter'} is only taken in at a start`, takesIn }),
  );
}

const neither: SharedChange = { raised: false, lowered: false };

function isWanted(member: Member, leader: Member): boolean {
  const { pendingRestart, pendingChanges, running, restartedInVain } = member;
  if (!pendingRestart || !running || restartedInVain === true) return false;
  // The leader of a standby cluster cannot have less than whom it follows, whatever its own configuration says.
  if (leader.role !== 'standby_leader' || pendingChanges.length === 0) return true;
  return pendingChanges.some((each) => !sharedChangeOf([each]).lowered);
}

/**
 * Who restarts when. A replica with less than the primary has stops to replay, and one cannot start with less than the
 * primary had when it wrote what is replayed (Patroni then starts it with more, and it waits for another restart).
 * So: replicas that get more, or whose change is of another kind; then the primary; then replicas that get less. One
 * that gets both restarts twice.
 */
function inRounds(members: Member[], leader: Member, changeOf: (member: Member) => SharedChange): Member[] {
  const replicas = members.filter((member) => member !== leader);
  const before = replicas.filter((member) => changeOf(member).raised || !changeOf(member).lowered);
  const after = replicas.filter((member) => changeOf(member).lowered);
  return [...before, ...(members.includes(leader) ? [leader] : []), ...after];
}

function restartSteps(
  order: Member[],
  leader: Member,
  waitFor: string | undefined,
  reason: (member: Member) => { why: string; takesIn: readonly string[] },
): Step[] {
  return order.map((member, index) => ({
    what: `restart PostgreSQL of ${member.name}`,
    why: [reason(member).why],
    takesIn: reason(member).takesIn,
    disturbs: member === leader ? 'downtime' : 'restart',
    action: {
      type: 'restart',
      member: member.name,
      address: member.address ?? '',
      ...followed(member, leader),
      ...(member === leader && leader.address !== undefined ? { checkpoint: leader.address } : {}),
    },
    observeAfter: true,
    ...(index === 0 && waitFor !== undefined ? { waitFor } : {}),
  }));
}

/** A replica takes a lower value only when it has replayed that the primary has it. */
function followed(member: Member, leader: Member): { follows?: string } {
  const isLowered = member !== leader && sharedChangeOf(member.pendingChanges).lowered;
  return isLowered && leader.address !== undefined ? { follows: leader.address } : {};
}
