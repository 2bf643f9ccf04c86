import type { MemberStatus, PostgresqlStatus } from '@pgherd/api';
import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import { reportedLag } from './lag.ts';

/** The members for the status; `lagOf` tells how far a pod was behind when it last said so. */
export function memberStatuses(
  observed: Observed,
  previous: PostgresqlStatus,
  lagOf: (pod: string) => number | undefined,
): MemberStatus[] {
  const leader = leaderOf(observed);
  return observed.members.map((member): MemberStatus => {
    const isReplica = member !== leader;
    const streams = isReplica && isStreaming(observed, member);
    const before = previous.members?.find(({ name }) => name === member.name)?.lagBytes;
    const measured = reportedLag(before, lagOf(member.name));
    // One that streams keeps up unless it was measured otherwise.
    const lag = isReplica && member.running ? (measured ?? (streams ? 0 : undefined)) : undefined;
    return {
      name: member.name,
      ...(member.role === undefined ? {} : { role: member.role }),
      ...(member.state === undefined ? {} : { state: streams ? 'streaming' : member.state }),
      ...(member.timeline === undefined ? {} : { timeline: member.timeline }),
      ...(lag === undefined ? {} : { lagBytes: lag }),
      ...(member.pendingRestart ? { pendingRestart: true } : {}),
    };
  });
}
