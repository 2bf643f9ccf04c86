import type { Pod, Taint } from '@pgherd/kube/objects';
import type { NodeState } from './node-state.ts';
import { tolerates } from './tolerations.ts';

/** A node that is about to go. */
export interface Departure {
  /** e.g. `node a is being drained`. */
  why: string;
  /** Its pods are taken away soon, whatever budgets say: no window is waited for. */
  urgent: boolean;
}

/** Taints of those who remove nodes: these ask pods to leave first, and respect budgets. */
const announced = new Set([
  'ToBeDeletedByClusterAutoscaler',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'aws-node-termination-handler/scheduled-maintenance',
  'aws-node-termination-handler/rebalance-recommendation',
]);

/** Taints of nodes that are gone in minutes. */
const imminent = new Set([
  'node.kubernetes.io/out-of-service',
  'node.cloudprovider.kubernetes.io/shutdown',
  'cloud.google.com/impending-node-termination',
  'aws-node-termination-handler/spot-itn',
  'aws-node-termination-handler/asg-lifecycle-termination',
]);

/**
 * Kubernetes' own words for a node that has trouble. They come and go within seconds, as when a network plugin is
 * updated, and a node that is not heard of may be dead: neither is a reason to move a role.
 */
const trouble = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);

/** Why the pod has to leave its node; undefined: it may stay. */
export function departureOf(node: NodeState, pod: Pod): Departure | undefined {
  const taints = node.taints.filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !trouble.has(taint.key),
  );
  const evicts = (taint: Taint) =>
    imminent.has(taint.key) ||
    (taint.effect === 'NoExecute' && !tolerates(pod, taint) && !announced.has(taint.key));
  const urgent = taints.find(evicts);
  if (urgent !== undefined) return { why: `node ${node.name} has the taint ${urgent.key}`, urgent: true };
  const told = taints.find(({ key }) => announced.has(key));
  const why = node.drained
    ? `node ${node.name} is being drained`
    : told === undefined
      ? undefined
      : `node ${node.name} has the taint ${told.key}`;
  // A kubelet that is heard of and has trouble does not get better by waiting.
  return why === undefined ? undefined : { why, urgent: node.ready === 'False' };
}
