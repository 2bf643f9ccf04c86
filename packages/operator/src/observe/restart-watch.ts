import type { Step } from '../plan/step.ts';
import type { Member, Observed } from './observed.ts';

/** What is remembered of the restart of a member, until it says that none is pending any more. */
interface LastRestart {
  /** What waited for it. */
  changes: string;
  /** What the member had published then. */
  published: string | undefined;
}

/** Restarts that were carried out, by member. */
export type RestartMemory = Map<string, LastRestart>;

/** Remembers which restarts a pass carried out, and for what. */
export function noteRestarts(memory: RestartMemory, done: readonly Step[], { members }: Observed): void {
  for (const { action } of done) {
    const member = action.type === 'restart' && members.find(({ name }) => name === action.member);
    if (member) memory.set(member.name, { changes: changesOf(member), published: publishedBy(member) });
  }
}

/**
 * Marks members that were restarted and have said since that exactly the same still waits for a restart: it would be
 * restarted for ever. A change that is made later makes another difference, and counts again.
 */
export function withRestartsInVain(observed: Observed, memory: RestartMemory): Observed {
  const isInVain = (member: Member): boolean => {
    const last = memory.get(member.name);
    if (last === undefined || last.published === publishedBy(member)) return false;
    if (member.pendingRestart && last.changes === changesOf(member)) return true;
    // While it does not run it says nothing.
    if (member.running && member.state === 'running') memory.delete(member.name);
    return false;
  };
  const members = observed.members.map((member) =>
    isInVain(member) ? { ...member, restartedInVain: true } : member,
  );
  return { ...observed, members };
}

function changesOf({ pendingChanges }: Member): string {
  return JSON.stringify(pendingChanges);
}

function publishedBy({ pod }: Member): string | undefined {
  return pod.metadata.annotations?.['status'];
}
