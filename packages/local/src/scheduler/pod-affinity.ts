import { labelSelectorFromObject, matchesLabels } from '@pgherd/kube/objects';
import type { Node, Pod, PodAffinityTerm } from '@pgherd/kube/objects';
import { nameOf, type Cluster, type NamespaceLabels } from './cluster.ts';

/** Kubernetes' weight of a required affinity of a pod that is there, when places for others are rated. */
const HARD_AFFINITY_WEIGHT = 1;

/** `key=value` of a node's label; undefined when it has none of that key. */
function domainOf(node: Node, topologyKey: string): string | undefined {
  const value = node.metadata.labels?.[topologyKey];
  return value === undefined ? undefined : `${topologyKey}=${value}`;
}

/**
 * Why the pod's own required rules, or those of pods that are there, keep it away from a node, in the scheduler's words;
 * undefined when they do not. What is common to all nodes is looked at once.
 */
export function podAffinityFilter(pod: Pod, cluster: Cluster): (node: Node) => string | undefined {
  const wanted = requiredAffinity(pod);
  const unwanted = requiredAntiAffinity(pod);
  const nodes = new Map(cluster.nodes.map((node) => [nameOf(node), node]));
  const attracting = new Set<string>();
  const repelling = new Set<string>();
  const repelled = new Set<string>();
  const { labelsOf } = cluster;
  for (const other of cluster.placed) {
    const node = nodes.get(other.spec?.nodeName ?? '');
    if (node === undefined) continue;
    // Only one pod that all terms mean attracts, as in Kubernetes.
    if (wanted.length > 0 && wanted.every((term) => selects(term, pod, other, labelsOf))) {
      for (const term of wanted) add(attracting, domainOf(node, term.topologyKey));
    }
    for (const term of unwanted) {
      if (selects(term, pod, other, labelsOf)) add(repelling, domainOf(node, term.topologyKey));
    }
    for (const term of requiredAntiAffinity(other)) {
      if (selects(term, other, pod, labelsOf)) add(repelled, domainOf(node, term.topologyKey));
    }
  }
  // The first of a group of pods that attract each other may go anywhere.
  const isFirst = attracting.size === 0 && wanted.every((term) => selects(term, pod, pod, labelsOf));

  return (node) => {
    const isIn = (set: ReadonlySet<string>, key: string): boolean => set.has(domainOf(node, key) ?? '');
    const hasKeys = wanted.every(({ topologyKey }) => domainOf(node, topologyKey) !== undefined);
    const attracted = wanted.every(({ topologyKey }) => isIn(attracting, topologyKey));
    if (!hasKeys || !(attracted || isFirst)) return "node(s) didn't match pod affinity rules";
    if (unwanted.some(({ topologyKey }) => isIn(repelling, topologyKey))) {
      return "node(s) didn't match pod anti-affinity rules";
    }
    const labels = Object.entries(node.metadata.labels ?? {});
    if (labels.some(([key, value]) => repelled.has(`${key}=${value}`))) {
      return "node(s) didn't satisfy existing pods anti-affinity rules";
    }
    return undefined;
  };
}

/** How much the pod's preferences, and those of the pods that are there, are for a node; negative: against it. */
export function podAffinityScore(pod: Pod, cluster: Cluster): (node: Node) => number {
  const nodes = new Map(cluster.nodes.map((node) => [nameOf(node), node]));
  const scores = new Map<string, number>();
  const { labelsOf } = cluster;
  const rate = (node: Node, { topologyKey }: PodAffinityTerm, weight: number): void => {
    const domain = domainOf(node, topologyKey);
    if (domain !== undefined) scores.set(domain, (scores.get(domain) ?? 0) + weight);
  };
  const own = preferences(pod);
  for (const other of cluster.placed) {
    const node = nodes.get(other.spec?.nodeName ?? '');
    if (node === undefined) continue;
    for (const { term, weight } of own) if (selects(term, pod, other, labelsOf)) rate(node, term, weight);
    const required = requiredAffinity(other).map((term) => ({ term, weight: HARD_AFFINITY_WEIGHT }));
    for (const { term, weight } of [...preferences(other), ...required]) {
      if (selects(term, other, pod, labelsOf)) rate(node, term, weight);
    }
  }
  return (node) =>
    Object.entries(node.metadata.labels ?? {}).reduce(
      (sum, [key, value]) => sum + (scores.get(`${key}=${value}`) ?? 0),
      0,
    );
}

function add(set: Set<string>, domain: string | undefined): void {
  if (domain !== undefined) set.add(domain);
}

function requiredAffinity({ spec }: Pod): PodAffinityTerm[] {
  return spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function requiredAntiAffinity({ spec }: Pod): PodAffinityTerm[] {
  return spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Preferred terms; those of anti-affinity with a negative weight. */
function preferences({ spec }: Pod): { term: PodAffinityTerm; weight: number }[] {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const of = (affinity: typeof podAffinity, sign: number): { term: PodAffinityTerm; weight: number }[] =>
    (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({
      term: podAffinityTerm,
      weight: sign * weight,
    }));
  return [...of(podAffinity, 1), ...of(podAntiAffinity, -1)];
}

/** Whether a term of `owner` means the pod `candidate`. */
export function selects(
  term: PodAffinityTerm,
  owner: Pod,
  candidate: Pod,
  labelsOf: NamespaceLabels,
): boolean {
  const { namespaces = [], namespaceSelector, labelSelector } = term;
  const namespace = candidate.metadata.namespace ?? 'default';
  const named = namespaces.includes(namespace);
  const chosen = namespaceSelector
    ? matchesLabels(labelSelectorFromObject(namespaceSelector), labelsOf(namespace))
    : namespaces.length === 0 && namespace === (owner.metadata.namespace ?? 'default');
  if (!(named || chosen) || labelSelector === undefined) return false;
  return (
    matchesLabels(labelSelectorFromObject(labelSelector), candidate.metadata.labels) &&
    sharesKeys(term, owner, candidate)
  );
}

/** `matchLabelKeys` and `mismatchLabelKeys`: the owner's own values are part of the selector; keys it lacks say nothing. */
function sharesKeys(
  { matchLabelKeys = [], mismatchLabelKeys = [] }: PodAffinityTerm,
  owner: Pod,
  candidate: Pod,
): boolean {
  const mine = owner.metadata.labels ?? {};
  const theirs = candidate.metadata.labels ?? {};
  return (
    matchLabelKeys.every((key) => mine[key] === undefined || theirs[key] === mine[key]) &&
    mismatchLabelKeys.every((key) => mine[key] === undefined || theirs[key] !== mine[key])
  );
}
