import { elapsedMs, type ContainerStatus, type Pod } from '@pgherd/kube/objects';
import type { Member, Observed } from './observed.ts';

/** Since when a container beside PostgreSQL is seen running, by our clock, by pod and container. */
export type SidecarMemory = Map<string, number>;

/** A container that crashes at its start does so within this time. */
const firstMs = 10_000;
/** One that has crashed before is believed later: Kubernetes starts it again and again, more and more slowly. */
const againMs = 60_000;

/**
 * Marks members with containers beside PostgreSQL that have only just begun to run: between two crashes a pod is ready for
 * a moment, and a roll-out must not take the next pod away in that moment.
 */
export function withSettling(observed: Observed, memory: SidecarMemory, now: number): Observed {
  const seen = new Map(
    observed.members.flatMap(({ pod }) => running(pod).map((each) => [keyOf(pod, each), each] as const)),
  );
  for (const key of memory.keys()) if (!seen.has(key)) memory.delete(key);
  for (const key of seen.keys()) if (!memory.has(key)) memory.set(key, now);
  const isSettling = ({ pod }: Member) =>
    running(pod).some((each) => leftMs(each, memory.get(keyOf(pod, each)) ?? now, now) > 0);
  const members = observed.members.map((member) =>
    isSettling(member) ? { ...member, settling: true } : member,
  );
  return { ...observed, members };
}

function leftMs({ restartCount, lastState }: ContainerStatus, since: number, now: number): number {
  const hasCrashed = restartCount > 0 && lastState?.terminated?.exitCode !== 0;
  return (hasCrashed ? againMs : firstMs) - elapsedMs(since, now);
}

function running(pod: Pod): ContainerStatus[] {
  const beside = (pod.status?.containerStatuses ?? []).filter(({ name }) => name !== 'postgres');
  return beside.filter(({ state }) => state?.running !== undefined);
}

function keyOf({ metadata }: Pod, { name, containerID, restartCount }: ContainerStatus): string {
  return [metadata.uid, name, containerID, restartCount].join('/');
}
