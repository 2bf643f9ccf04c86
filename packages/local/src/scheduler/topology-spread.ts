import { labelSelectorFromObject, matchesLabels } from '@pgherd/kube/objects';
import type { Node, Pod, TopologySpreadConstraint } from '@pgherd/kube/objects';
import { nameOf, type Cluster } from './cluster.ts';
import { matchesNode } from './node-affinity.ts';
import { untolerated } from './tolerations.ts';

const MISFIT = "node(s) didn't match pod topology spread constraints";

/** Why a `DoNotSchedule` constraint keeps the pod away from a node, in the scheduler's words. */
export function spreadFilter(pod: Pod, cluster: Cluster): (node: Node) => string | undefined {
  const constraints = constraintsOf(pod, 'DoNotSchedule');
  const counted = constraints.map((constraint) => ({
    constraint,
    counts: countByValue(constraint, constraints, pod, cluster),
  }));
  return (node) => {
    for (const { constraint, counts } of counted) {
      const value = node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) return `${MISFIT} (missing required label)`;
      // With fewer values than asked for, the least of all counts is none.
      const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values(), Infinity);
      const self = isMeant(constraint, pod, pod) ? 1 : 0;
      const here = (counts.get(value) ?? 0) + self;
      if (here - (Number.isFinite(least) ? least : 0) > constraint.maxSkew) return MISFIT;
    }
    return undefined;
  };
}

/**
 * How crowded a node is by the pod's `ScheduleAnyway` constraints: the less the better. Undefined for a node that lacks a
 * label that is spread over: it is the worst. `candidates` are the nodes that the pod may go to.
 */
export function spreadCrowding(
  pod: Pod,
  cluster: Cluster,
  candidates: readonly Node[],
): (node: Node) => number | undefined {
  const constraints = constraintsOf(pod, 'ScheduleAnyway');
  const able = candidates.filter((node) => hasKeys(node, constraints));
  const rated = constraints.map((constraint) => {
    const values = new Set(able.map((node) => node.metadata.labels?.[constraint.topologyKey]));
    const counts = countByValue(constraint, constraints, pod, cluster);
    // The more values there are, the more one pod more or less on one of them matters.
    return { constraint, counts, weight: Math.log(values.size + 2) };
  });
  return (node) => {
    if (!hasKeys(node, constraints)) return undefined;
    return rated.reduce((sum, { constraint, counts, weight }) => {
      const count = counts.get(node.metadata.labels?.[constraint.topologyKey] ?? '') ?? 0;
      return sum + count * weight + (constraint.maxSkew - 1);
    }, 0);
  };
}

/** Whether the pod has a constraint that rates nodes. */
export function hasSoftSpread(pod: Pod): boolean {
  return constraintsOf(pod, 'ScheduleAnyway').length > 0;
}

function constraintsOf(pod: Pod, action: string): TopologySpreadConstraint[] {
  return (pod.spec?.topologySpreadConstraints ?? []).filter((each) => each.whenUnsatisfiable === action);
}

function hasKeys(node: Node, constraints: readonly TopologySpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined);
}

/** How many pods of the constraint each value of its label has, over the nodes that count: none of them is left out. */
function countByValue(
  constraint: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
  pod: Pod,
  cluster: Cluster,
): Map<string, number> {
  const values = new Map<string, string>();
  for (const node of cluster.nodes) {
    const value = node.metadata.labels?.[constraint.topologyKey];
    if (value !== undefined && hasKeys(node, all) && counts(constraint, pod, node))
      values.set(nameOf(node), value);
  }
  const result = new Map([...values.values()].map((value) => [value, 0]));
  for (const other of cluster.placed) {
    const value = values.get(other.spec?.nodeName ?? '');
    if (value === undefined || other.metadata.deletionTimestamp !== undefined) continue;
    if (isMeant(constraint, pod, other)) result.set(value, (result.get(value) ?? 0) + 1);
  }
  return result;
}

/** Nodes where the pod may not go do not count, tainted ones do, unless the constraint says otherwise. */
function counts(constraint: TopologySpreadConstraint, pod: Pod, node: Node): boolean {
  if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNode(pod, node)) return false;
  if (constraint.nodeTaintsPolicy !== 'Honor') return true;
  const effects = ['NoSchedule', 'NoExecute'];
  return untolerated(pod.spec?.tolerations, node.spec?.taints, effects) === undefined;
}

/** Pods of the owner's namespace that the selector means; `matchLabelKeys` adds the owner's own values to it. */
function isMeant(constraint: TopologySpreadConstraint, owner: Pod, candidate: Pod): boolean {
  if ((candidate.metadata.namespace ?? 'default') !== (owner.metadata.namespace ?? 'default')) return false;
  const { labelSelector, matchLabelKeys = [] } = constraint;
  if (labelSelector === undefined) return false;
  const mine = owner.metadata.labels ?? {};
  const theirs = candidate.metadata.labels ?? {};
  return (
    matchesLabels(labelSelectorFromObject(labelSelector), theirs) &&
    matchLabelKeys.every((key) => mine[key] === undefined || theirs[key] === mine[key])
  );
}
