import { elapsedMs } from '@pgherd/kube/objects';
import type { Step } from '../plan/step.ts';
import type { Member, Observed } from './observed.ts';

/** What is remembered of the restart of a member, until it says that none is pending any more. */
interface LastRestart {
  /** What waited for it. */
  changes: string;
  /** What the member had published then. */
  published: string | undefined;
  /** Our clock, in milliseconds. */
  at: number;
}

/** Restarts that were carried out, by member. */
export type RestartMemory = Map<string, LastRestart>;

/**
 * For so long after a restart a member may not have published what is true since then: it publishes at its own times,
 * also while it restarts. It is woken meanwhile.
 */
const heardWithinMs = 20_000;

/** Remembers which restarts a pass carried out, and for what. */
export function noteRestarts(
  memory: RestartMemory,
  done: readonly Step[],
  { members }: Observed,
  now: number,
): void {
  for (const { action } of done) {
    const member = action.type === 'restart' && members.find(({ name }) => name === action.member);
    if (member)
      memory.set(member.name, { changes: changesOf(member), published: publishedBy(member), at: now });
  }
}

/**
 * Marks members that were restarted: those that have published nothing since, or that the same waits for a restart,
 * because what they say may be about before; and those that go on saying that exactly the same still waits: they would
 * be restarted for ever. A change that is made later makes another difference, and counts again.
 */
export function withRestarts(observed: Observed, memory: RestartMemory, now: number): Observed {
  const marked = (member: Member): Member => {
    const last = memory.get(member.name);
    if (last === undefined) return member;
    const isSilent = last.published === publishedBy(member);
    const isSame = member.pendingRestart && last.changes === changesOf(member);
    if ((isSilent || isSame) && elapsedMs(last.at, now) < heardWithinMs)
      return { ...member, restartUnheard: true };
    if (isSame && !isSilent) return { ...member, restartedInVain: true };
    if (isSilent) {
      memory.delete(member.name);
      return member;
    }
    // While it does not run it says nothing.
    if (member.running && member.state === 'running') memory.delete(member.name);
    return member;
  };
  return { ...observed, members: observed.members.map(marked) };
}

function changesOf({ pendingChanges }: Member): string {
  return JSON.stringify(pendingChanges);
}

function publishedBy({ pod }: Member): string | undefined {
  return pod.metadata.annotations?.['status'];
}
