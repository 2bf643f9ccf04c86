import type { Pod } from '@pgherd/kube/objects';
import { isReady } from '../statefulset/pod-state.ts';

const COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The pods in the order in which they go when there are too many: those whose end costs least come first.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
 *
 * @param related pods of this and of the other ReplicaSets of the same owner: nodes with many of them are relieved.
 * @param now milliseconds since 1970; ages are compared by their order of magnitude.
 */
export function rankForDeletion(pods: Pod[], related: Pod[], now: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const { spec } of related) {
    const node = spec?.nodeName;
    if (node) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const crowd = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods].sort(
    (a, b) =>
      Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
      phaseOf(a) - phaseOf(b) ||
      Number(isReady(a)) - Number(isReady(b)) ||
      costOf(a) - costOf(b) ||
      crowd(b) - crowd(a) ||
      (isReady(a) && isReady(b) ? younger(readySince(a), readySince(b), a, b, now) : 0) ||
      restartsOf(b) - restartsOf(a) ||
      younger(createdAt(a), createdAt(b), a, b, now),
  );
}

/** What the annotation says; 0 without it, or when it is no 32-bit integer. */
export function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[COST] ?? '';
  const cost = /^(0|-?[1-9]\d*|\+[1-9]\d*)$/.test(text) ? Number(text) : 0;
  return Math.abs(cost) <= 2_147_483_647 ? cost : 0;
}

function phaseOf(pod: Pod): number {
  return PHASES[pod.status?.phase ?? 'Pending'] ?? 0;
}

function readySince(pod: Pod): number {
  return Date.parse(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '');
}

function createdAt(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp ?? '');
}

function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/** Negative when `a` is of a smaller order of magnitude. Times that are not known come first. */
function younger(timeA: number, timeB: number, a: Pod, b: Pod, now: number): number {
  if (timeA === timeB || (Number.isNaN(timeA) && Number.isNaN(timeB))) return 0;
  if (Number.isNaN(timeA) || Number.isNaN(timeB)) return Number.isNaN(timeA) ? -1 : 1;
  const difference = magnitude(now - timeA) - magnitude(now - timeB);
  if (difference !== 0) return difference;
  // As good as the same age: any order will do, as long as it is not always the youngest that goes.
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1;
}

function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}
