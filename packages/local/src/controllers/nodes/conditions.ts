import type { Node, NodeCondition, Pod, PodCondition } from '@pgherd/kube/objects';
import { timestamp } from '../objects.ts';

/** What a node's agent reports, and what nobody knows any more when it is silent. */
const REPORTED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The state of one condition of a node; undefined when it has none. */
export function stateOf(node: Node, type: string): string | undefined {
  return node.status?.conditions?.find((each) => each.type === type)?.status;
}

/** Nobody has heard of the node for too long: everything about it is unknown. The same object when that is said already. */
export function silenced(node: Node, now: number): Node {
  const known = node.status?.conditions ?? [];
  const others = known.filter(({ type }) => !REPORTED.includes(type));
  const reported = REPORTED.map((type): NodeCondition => {
    const old = known.find((each) => each.type === type);
    if (old?.status === 'Unknown') return old;
    return {
      type,
      status: 'Unknown',
      reason: old === undefined ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown',
      message:
        old === undefined ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.',
      ...((old?.lastHeartbeatTime ?? node.metadata.creationTimestamp)
        ? { lastHeartbeatTime: old?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? '' }
        : {}),
      lastTransitionTime: timestamp(now),
    };
  });
  if (reported.every((each) => known.includes(each))) return node;
  return { ...node, status: { ...node.status, conditions: [...reported, ...others] } };
}

/** The pod with this condition; the same object when it has it already. `since` stays while the state does. */
export function withCondition(
  pod: Pod,
  wanted: Pick<PodCondition, 'type' | 'status'> & { reason?: string; message?: string },
  now: number,
): Pod {
  const known = pod.status?.conditions ?? [];
  const old = known.find(({ type }) => type === wanted.type);
  if (old?.status === wanted.status && (wanted.reason === undefined || old.reason === wanted.reason))
    return pod;
  const condition: PodCondition = { ...old, ...wanted, lastTransitionTime: timestamp(now) };
  const others = known.filter(({ type }) => type !== wanted.type);
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
}
