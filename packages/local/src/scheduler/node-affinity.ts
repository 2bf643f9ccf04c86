import { matchesLabels } from '@pgherd/kube/objects';
import type { Node, NodeSelectorTerm, Pod, SelectorOperator } from '@pgherd/kube/objects';

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

/** `nodeSelector` and required node affinity. */
export function matchesNode(pod: Pod, node: Node): boolean {
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
  return terms.some((term) => hasRequirements(term) && matchesTerm(term, node));
}

/** The sum of the weights of the preferences that the node meets; one without requirements prefers every node. */
export function nodePreference(pod: Pod, node: Node): number {
  const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred
    .filter(({ preference }) => matchesTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0);
}

function hasRequirements({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
  return matchExpressions.length + matchFields.length > 0;
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  const fields = { 'metadata.name': node.metadata.name ?? '' };
  return matches(matchExpressions, node.metadata.labels ?? {}) && matches(matchFields, fields);
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
