import type { MemberView } from '@pgherd/patroni';
import type { Pod } from '@pgherd/kube/objects';
import { leaderOf, type Member, type Observed } from './observed.ts';

/** What the leader's Patroni answered over REST, and who it was. */
export interface LeaderAnswer {
  /** Identity of the process that answered, by `processOf`. */
  process: string;
  /** Our clock, in milliseconds. */
  askedAt: number;
  view: MemberView;
}

/** Pod and start of its container: an answer says nothing about another one of the same name. */
export function processOf(pod: Pod): string {
  const container = pod.status?.containerStatuses?.find(({ name }) => name === 'postgres');
  return [pod.metadata.uid ?? '', container?.containerID ?? '', container?.restartCount ?? 0].join('/');
}

/**
 * Members publish what they are in their pod's annotation only once in `loop_wait` (10 s). The leader's own answer is
 * newer: of itself, and of who streams from it. Whom it does not mention is what he published.
 */
export function withLeaderAnswer(observed: Observed, answer: LeaderAnswer | undefined): Observed {
  const leader = leaderOf(observed);
  if (answer === undefined || leader === undefined || processOf(leader.pod) !== answer.process)
    return observed;
  const { view } = answer;
  const renewed = (member: Member): Member => {
    if (!member.running) return member;
    if (member === leader) {
      return { ...member, role: view.role, state: view.state, timeline: view.timeline ?? member.timeline };
    }
    return streamsTo(view, member)
      ? { ...member, role: 'replica', state: 'running', replicationState: 'streaming' }
      : member;
  };
  return { ...observed, members: observed.members.map(renewed) };
}

/** The address tells a connection of this pod from one that its predecessor of the same name left behind. */
function streamsTo(view: MemberView, member: Member): boolean {
  return view.replication.some(
    ({ applicationName, clientAddress, state }) =>
      applicationName === member.name && clientAddress === member.address && state === 'streaming',
  );
}
