import type { NodeSelectorTerm } from '@pgherd/kube/objects';
import type { NodeState } from './node-state.ts';

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];

/** Whether one of the terms holds for the node, as Kubernetes' scheduler sees it; an empty term holds for none. */
export function selects(terms: readonly NodeSelectorTerm[], node: NodeState): boolean {
  return terms.some(({ matchExpressions = [], matchFields = [] }) => {
    const isEmpty = matchExpressions.length + matchFields.length === 0;
    return (
      !isEmpty &&
      matchExpressions.every((each) => holds(each, node.labels[each.key])) &&
      matchFields.every((each) => holds(each, each.key === 'metadata.name' ? node.name : undefined))
    );
  });
}

function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return false;
  }
}
