import { dns1123LabelErrors, labelValueErrors, qualifiedNameErrors } from '@pgherd/kube/objects';
import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '@pgherd/kube/objects';
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { labelSelectorErrors } from './label-selector.ts';

/** The fields of a pod that say where it may run. */
export interface Placement {
  affinity?: Affinity;
  tolerations?: Toleration[];
  topologySpreadConstraints?: TopologySpreadConstraint[];
}

/** What the schema cannot say of them, in Kubernetes' words; `path` is that of the pod's spec. */
export function placementErrors(
  { affinity, tolerations = [], topologySpreadConstraints = [] }: Placement,
  path: string,
): FieldError[] {
  return [
    ...tolerations.flatMap((each, n) => tolerationErrors(each, `${path}.tolerations[${n}]`)),
    ...spreadErrors(topologySpreadConstraints, `${path}.topologySpreadConstraints`),
    ...nodeAffinityErrors(affinity?.nodeAffinity, `${path}.affinity.nodeAffinity`),
    ...podAffinityErrors(affinity?.podAffinity, `${path}.affinity.podAffinity`),
    ...podAffinityErrors(affinity?.podAntiAffinity, `${path}.affinity.podAntiAffinity`),
  ];
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function tolerationErrors(toleration: Toleration, path: string): FieldError[] {
  const { key = '', operator = 'Equal', value = '', effect = '', tolerationSeconds } = toleration;
  const errors = key === '' ? [] : keyErrors(key, `${path}.key`);
  if (key === '' && operator !== 'Exists') {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${path}.operator`, operator, why));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${path}.effect`, effect, why));
  }
  if (operator === 'Equal') {
    for (const problem of labelValueErrors(value)) errors.push(invalid(`${path}.operator`, value, problem));
  } else if (operator !== 'Exists') {
    errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']));
  } else if (value !== '') {
    errors.push(invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  }
  if (effect !== '' && !effects.includes(effect)) {
    errors.push(notSupported(`${path}.effect`, effect, effects));
  }
  return errors;
}

const actions = ['DoNotSchedule', 'ScheduleAnyway'];

function spreadErrors(constraints: readonly TopologySpreadConstraint[], path: string): FieldError[] {
  const seen = new Set<string>();
  return constraints.flatMap((constraint, n) => {
    const field = `${path}[${n}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable: action, labelSelector, minDomains } = constraint;
    const errors = topologyKeyErrors(topologyKey, `${field}.topologyKey`);
    if (maxSkew <= 0) errors.push(invalid(`${field}.maxSkew`, maxSkew, 'must be greater than zero'));
    if (!actions.includes(action)) {
      errors.push(notSupported(`${field}.whenUnsatisfiable`, action, actions));
    }
    const pair = `{${topologyKey}, ${action}}`;
    if (seen.has(pair)) errors.push(duplicate(`${field}.{topologyKey, whenUnsatisfiable}`, pair));
    seen.add(pair);
    if (minDomains !== undefined && minDomains <= 0) {
      errors.push(invalid(`${field}.minDomains`, minDomains, 'must be greater than zero'));
    } else if (minDomains !== undefined && action !== 'DoNotSchedule') {
      const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
      errors.push(invalid(`${field}.minDomains`, minDomains, why));
    }
    return [...errors, ...selectorErrors(labelSelector, `${field}.labelSelector`)];
  });
}

function nodeAffinityErrors(affinity: Affinity['nodeAffinity'], path: string): FieldError[] {
  const strict = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const errors: FieldError[] = [];
  if (strict) {
    const field = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    const terms = strict.nodeSelectorTerms ?? [];
    if (terms.length === 0) errors.push(required(field, 'must have at least one node selector term'));
    errors.push(...terms.flatMap((term, n) => nodeTermErrors(term, `${field}[${n}]`)));
  }
  for (const [n, { weight, preference }] of preferred.entries()) {
    const field = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${n}]`;
    errors.push(...weightErrors(weight, field), ...nodeTermErrors(preference, `${field}.preference`));
  }
  return errors;
}

function nodeTermErrors(term: NodeSelectorTerm, path: string): FieldError[] {
  return (['matchExpressions', 'matchFields'] as const).flatMap((list) =>
    (term[list] ?? []).flatMap(({ key, operator, values = [] }, n) => {
      const field = `${path}.${list}[${n}]`;
      const errors = list === 'matchExpressions' ? keyErrors(key, `${field}.key`) : [];
      if (list === 'matchFields' && key !== 'metadata.name') {
        errors.push(invalid(`${field}.key`, key, 'not a valid field selector key'));
      }
      return [...errors, ...requirementErrors(operator, values, field)];
    }),
  );
}

function requirementErrors(operator: string, values: readonly string[], field: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const why = "must be specified when `operator` is 'In' or 'NotIn'";
      return values.length > 0 ? [] : [required(`${field}.values`, why)];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      return values.length === 0 ? [] : [forbidden(`${field}.values`, why)];
    }
    case 'Gt':
    case 'Lt': {
      const why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      return values.length === 1 ? [] : [required(`${field}.values`, why)];
    }
    default:
      return [invalid(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

function podAffinityErrors(affinity: Affinity['podAffinity'], path: string): FieldError[] {
  const strict = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...strict.flatMap((term, n) =>
      podTermErrors(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${n}]`),
    ),
    ...preferred.flatMap(({ weight, podAffinityTerm }, n) => {
      const field = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${n}]`;
      return [...weightErrors(weight, field), ...podTermErrors(podAffinityTerm, `${field}.podAffinityTerm`)];
    }),
  ];
}

function podTermErrors(term: PodAffinityTerm, path: string): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...selectorErrors(labelSelector, `${path}.labelSelector`),
    ...selectorErrors(namespaceSelector, `${path}.namespaceSelector`),
    ...namespaces.flatMap((name) =>
      dns1123LabelErrors(name).map((problem) => invalid(`${path}.namespace`, name, problem)),
    ),
    ...topologyKeyErrors(topologyKey, `${path}.topologyKey`),
  ];
}

function weightErrors(weight: number, path: string): FieldError[] {
  if (weight >= 1 && weight <= 100) return [];
  return [invalid(`${path}.weight`, weight, 'must be in the range 1-100')];
}

function topologyKeyErrors(key: string, field: string): FieldError[] {
  return key === '' ? [required(field, 'can not be empty')] : keyErrors(key, field);
}

function keyErrors(key: string, field: string): FieldError[] {
  return qualifiedNameErrors(key).map((problem) => invalid(field, key, problem));
}

function selectorErrors(selector: object | undefined, field: string): FieldError[] {
  return selector === undefined ? [] : labelSelectorErrors(selector, field);
}
