import type { Node, Pod } from '@pgherd/kube/objects';
import { nameOf, podsByNode, type Cluster } from './cluster.ts';
import { portMisfit } from './host-ports.ts';
import { matchesNode, nodePreference } from './node-affinity.ts';
import { podAffinityFilter, podAffinityScore } from './pod-affinity.ts';
import { resourceMisfits, roomScore } from './resources.ts';
import { untolerated } from './tolerations.ts';
import { hasSoftSpread, spreadCrowding, spreadFilter } from './topology-spread.ts';

/** Why a pod's volumes keep it away from a node; undefined when they do not. */
export type VolumeFilter = (node: Node) => string | undefined;

/** Where a pod goes, or why it goes nowhere, as the event `FailedScheduling` says it. */
export type Choice = { node: Node } | { message: string };

/**
 * The node for a pod, by Kubernetes' rules: those that hold for certain in the order of its scheduler's plugins, then the
 * preferences with its weights. Of nodes that are equally good the first by name is taken.
 *
 * @param tentative the node that was chosen before and is being prepared: it is kept as long as it is possible.
 */
export function choose(pod: Pod, cluster: Cluster, volumes: VolumeFilter, tentative?: string): Choice {
  if (cluster.nodes.length === 0) return { message: 'no nodes available to schedule pods' };
  const there = podsByNode(cluster);
  const affinity = podAffinityFilter(pod, cluster);
  const spread = spreadFilter(pod, cluster);
  const reasons: string[] = [];
  const possible: Node[] = [];
  for (const node of cluster.nodes) {
    const found = misfits(pod, node, there.get(nameOf(node)) ?? [], volumes, spread, affinity);
    if (found.length === 0) possible.push(node);
    else reasons.push(...found);
  }
  const kept = possible.find((node) => nameOf(node) === tentative);
  if (kept !== undefined) return { node: kept };
  const best = bestOf(pod, possible, cluster, there);
  if (best !== undefined) return { node: best };
  return { message: message(cluster.nodes.length, reasons) };
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
function message(count: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
  return `0/${count} nodes are available: ${parts.join(', ')}.`;
}

/** A reason that no node can change: the message names it alone. */
export function nowhere(nodes: number, reason: string): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  return `0/${nodes} nodes are available: ${reason}.`;
}

/** The reasons of the first rule that the node breaks; only resources give more than one. */
function misfits(
  pod: Pod,
  node: Node,
  there: readonly Pod[],
  volumes: VolumeFilter,
  spread: VolumeFilter,
  affinity: VolumeFilter,
): string[] {
  const one = (reason: string | undefined): string[] => (reason === undefined ? [] : [reason]);
  const { tolerations, nodeName = '' } = pod.spec ?? {};
  const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec?.unschedulable === true && untolerated(tolerations, [cordoned], ['NoSchedule'])) {
    return ['node(s) were unschedulable'];
  }
  if (nodeName !== '' && nodeName !== nameOf(node)) return ["node(s) didn't match the requested node name"];
  const taint = untolerated(tolerations, node.spec?.taints, ['NoSchedule', 'NoExecute']);
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  if (!matchesNode(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const ports = one(portMisfit(pod, there));
  if (ports.length > 0) return ports;
  const resources = resourceMisfits(pod, node, there);
  if (resources.length > 0) return resources;
  return one(volumes(node) ?? spread(node) ?? affinity(node));
}

/** Each preference rates all nodes from 0 to 100, and counts as often as Kubernetes' default configuration says. */
function bestOf(
  pod: Pod,
  nodes: readonly Node[],
  cluster: Cluster,
  there: ReadonlyMap<string, readonly Pod[]>,
): Node | undefined {
  if (nodes.length < 2) return nodes[0];
  const totals = nodes.map((node) => roomScore(pod, node, there.get(nameOf(node)) ?? []));
  const count = (weight: number, scores: readonly number[]): void =>
    scores.forEach((score, n) => (totals[n] = (totals[n] ?? 0) + weight * score));

  count(2, byMost(nodes.map((node) => nodePreference(pod, node))));
  const hated = byMost(nodes.map((node) => softTaints(pod, node)));
  count(
    3,
    hated.map((score) => 100 - score),
  );
  count(2, byRange(nodes.map(podAffinityScore(pod, cluster))));
  if (hasSoftSpread(pod)) count(2, byCrowding(nodes.map(spreadCrowding(pod, cluster, nodes))));

  const ranked = nodes.map((node, n) => ({ node, total: totals[n] ?? 0 }));
  const better = (a: (typeof ranked)[number], b: (typeof ranked)[number]): number =>
    b.total - a.total || (nameOf(a.node) < nameOf(b.node) ? -1 : 1);
  return ranked.sort(better)[0]?.node;
}

/** How many `PreferNoSchedule` taints the pod does not tolerate. */
function softTaints(pod: Pod, node: Node): number {
  const { tolerations } = pod.spec ?? {};
  return (node.spec?.taints ?? []).filter((taint) => untolerated(tolerations, [taint], ['PreferNoSchedule']))
    .length;
}

/** The greatest becomes 100. */
function byMost(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  return scores.map((score) => (most > 0 ? (100 * score) / most : 0));
}

/** The least becomes 0, the greatest 100. */
function byRange(scores: readonly number[]): number[] {
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (most > least ? (100 * (score - least)) / (most - least) : 0));
}

/** The least crowded becomes 100; a node that cannot be rated 0. */
function byCrowding(crowding: readonly (number | undefined)[]): number[] {
  const known = crowding.filter((each) => each !== undefined);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return crowding.map((each) => {
    if (each === undefined) return 0;
    return most === 0 ? 100 : (100 * (most + least - each)) / most;
  });
}
