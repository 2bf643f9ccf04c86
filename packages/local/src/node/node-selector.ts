import { labelSelectorFromObject, matchesLabels } from '@pgherd/kube/objects';
import type { Node, Pod, SelectorOperator, NodeSelectorTerm, Toleration } from '@pgherd/kube/objects';

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

/**
 * Why the pod cannot run on the node, in the scheduler's words (`1 node(s) …`); undefined when it can.
 * Preferences never keep a pod away: there is only one node.
 */
export function misfit(
  pod: Pod,
  node: Node,
  others: readonly Pod[],
  labelsOf: NamespaceLabels = () => ({}),
): string | undefined {
  const wanted = pod.spec?.nodeName;
  if (wanted !== undefined && wanted !== '' && wanted !== node.metadata.name) {
    return "node(s) didn't match the requested node name";
  }
  if (node.spec?.unschedulable === true && !tolerates(pod, unschedulableTaint)) {
    return 'node(s) were unschedulable';
  }
  for (const taint of (node.spec?.taints ?? []) as Taint[]) {
    if (taint.effect === 'PreferNoSchedule' || tolerates(pod, taint)) continue;
    return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  }
  if (!matchesNode(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  return (
    portMisfit(pod, others) ?? spreadMisfit(pod, node, others) ?? affinityMisfit(pod, node, others, labelsOf)
  );
}

/** Two pods cannot have the same port of the machine, unless each has it on an address of its own. */
function portMisfit(pod: Pod, others: readonly Pod[]): string | undefined {
  const taken = others.flatMap(hostPorts);
  const clashes = hostPorts(pod).some((mine) =>
    taken.some(
      ({ ip, protocol, port }) =>
        port === mine.port && protocol === mine.protocol && (ip === mine.ip || ip === '' || mine.ip === ''),
    ),
  );
  return clashes ? "node(s) didn't have free ports for the requested pod ports" : undefined;
}

/** All addresses are `''`. */
function hostPorts({ spec }: Pod): { ip: string; protocol: string; port: number }[] {
  return (spec?.containers ?? [])
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0)
    .map(({ hostIP = '', protocol = 'TCP', hostPort = 0 }) => ({
      ip: hostIP === '0.0.0.0' ? '' : hostIP,
      protocol,
      port: hostPort,
    }));
}

/** Labels of a namespace by its name. */
export type NamespaceLabels = (name: string) => Record<string, string>;

/**
 * Whether the pod would make the spread over the values of the node's label too uneven. One node is one value, so that
 * it only ever is where more of them are asked for.
 */
function spreadMisfit(pod: Pod, node: Node, others: readonly Pod[]): string | undefined {
  const words = "node(s) didn't match pod topology spread constraints";
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== 'DoNotSchedule') continue;
    if (node.metadata.labels?.[constraint.topologyKey] === undefined) {
      return `${words} (missing required label)`;
    }
    if ((constraint.minDomains ?? 1) <= 1) continue;
    // With fewer values than asked for, the least of all counts is none.
    const term = { topologyKey: constraint.topologyKey, labelSelector: constraint.labelSelector } as Term;
    const alike = [pod, ...others.filter((other) => other.metadata.deletionTimestamp === undefined)];
    const count = alike.filter((each) => selects(term, pod, each, () => ({}))).length;
    if (count > constraint.maxSkew) return words;
  }
  return undefined;
}

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function tolerates(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration: Toleration) => {
    if (toleration.effect && toleration.effect !== taint.effect) return false;
    if (toleration.operator === 'Exists') return !toleration.key || toleration.key === taint.key;
    return toleration.key === taint.key && (toleration.value ?? '') === (taint.value ?? '');
  });
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return selected && (terms === undefined || matchesTerms(terms, node));
}

/** Terms are alternatives, requirements of one term belong together; a term without any matches nothing. */
export function matchesTerms(terms: readonly NodeSelectorTerm[], node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const fields = { 'metadata.name': node.metadata.name ?? '' };
  return terms.some((term) => {
    const byLabel = (term.matchExpressions ?? []) as Requirement[];
    const byField = (term.matchFields ?? []) as Requirement[];
    if (byLabel.length + byField.length === 0) return false;
    return matches(byLabel, labels) && matches(byField, fields);
  });
}

/** The registry has validated the operators. */
function matches(requirements: readonly Requirement[], labels: Record<string, string>): boolean {
  const parsed = requirements.map(({ key, operator, values = [] }) => ({
    key,
    operator: operator as SelectorOperator,
    values,
  }));
  return matchesLabels(parsed, labels);
}

interface Term {
  labelSelector?: { matchLabels?: Record<string, string>; matchExpressions?: Requirement[] };
  topologyKey: string;
  namespaces?: string[];
  namespaceSelector?: Term['labelSelector'];
}

function affinityMisfit(
  pod: Pod,
  node: Node,
  others: readonly Pod[],
  labelsOf: NamespaceLabels,
): string | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const required = (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) as Term[];
  const forbidden = (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) as Term[];
  const hasKey = (term: Term): boolean => node.metadata.labels?.[term.topologyKey] !== undefined;
  for (const term of required) {
    const found = others.some((other) => selects(term, pod, other, labelsOf));
    // The first of a group of pods that attract each other may go anywhere.
    const first = selects(term, pod, pod, labelsOf);
    if (!hasKey(term) || (!found && !first)) return "node(s) didn't match pod affinity rules";
  }
  if (forbidden.some((term) => hasKey(term) && others.some((other) => selects(term, pod, other, labelsOf)))) {
    return "node(s) didn't match pod anti-affinity rules";
  }
  const repelled = others.some((other) => {
    const terms = (other.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ??
      []) as Term[];
    return terms.some((term) => hasKey(term) && selects(term, other, pod, labelsOf));
  });
  return repelled ? "node(s) didn't satisfy existing pods anti-affinity rules" : undefined;
}

/** Whether a term of `owner` means the pod `candidate`. */
function selects(term: Term, owner: Pod, candidate: Pod, labelsOf: NamespaceLabels): boolean {
  const { namespaces = [], namespaceSelector } = term;
  const namespace = candidate.metadata.namespace ?? 'default';
  const named = namespaces.includes(namespace);
  const chosen = namespaceSelector
    ? matchesLabels(labelSelectorFromObject(namespaceSelector), labelsOf(namespace))
    : namespaces.length === 0 && namespace === (owner.metadata.namespace ?? 'default');
  if (!(named || chosen) || term.labelSelector === undefined) return false;
  return matchesLabels(labelSelectorFromObject(term.labelSelector), candidate.metadata.labels);
}
