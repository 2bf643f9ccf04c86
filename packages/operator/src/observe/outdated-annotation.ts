import { isStreaming, type Member, type Observed } from './observed.ts';
import { processOf } from './leader-answer.ts';

/** Which containers are known to have written their pod's annotation themselves. */
export interface AnnotationMemory {
  /** Container by member. */
  authors: Map<string, string>;
  /** The annotation when a container was first seen, by container. */
  found: Map<string, string | undefined>;
}

/**
 * A container that was restarted finds its predecessor's annotation: until it is written anew or the leader has
 * confirmed it, the member has not said anything.
 */
export function withoutOutdated(observed: Observed, memory: AnnotationMemory): Observed {
  const running = observed.members.filter((member) => member.running);
  const current = new Set(running.map(({ pod }) => processOf(pod)));
  for (const process of memory.found.keys()) if (!current.has(process)) memory.found.delete(process);
  const heard = (member: Member): Member =>
    !member.running || isAuthor(member, memory)
      ? member
      : { ...member, role: undefined, state: undefined, replicationState: undefined, pendingRestart: false };
  return { ...observed, members: observed.members.map(heard) };
}

/** After the leader was asked: a member that does its part is believed from now on. */
export function believeConfirmed(observed: Observed, memory: AnnotationMemory): void {
  for (const member of observed.members) {
    if (isStreaming(observed, member)) memory.authors.set(member.name, processOf(member.pod));
  }
}

function isAuthor({ name, pod }: Member, memory: AnnotationMemory): boolean {
  const process = processOf(pod);
  if (memory.authors.get(name) === process) return true;
  const container = pod.status?.containerStatuses?.find((status) => status.name === 'postgres');
  const annotation = pod.metadata.annotations?.['status'];
  const isFirst = (container?.restartCount ?? 0) === 0;
  if (!memory.found.has(process)) memory.found.set(process, annotation);
  if (!isFirst && memory.found.get(process) === annotation) return false;
  memory.authors.set(name, process);
  memory.found.delete(process);
  return true;
}
