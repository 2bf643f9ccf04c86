import { labelValueErrors, qualifiedNameErrors } from '@pgherd/kube/objects';
import { forbidden, invalid, required, type FieldError } from '@pgherd/kube/schema';
import { labelErrors } from '../metadata.ts';

interface Requirement {
  key?: string;
  operator?: string;
  values?: string[];
}

/** A `LabelSelector` as an object carries it. */
export interface LabelSelectorFields {
  matchLabels?: Record<string, string>;
  matchExpressions?: Requirement[];
}

/** What is wrong with a selector, in Kubernetes' words; `field` is its path. */
export function labelSelectorErrors(selector: LabelSelectorFields, field: string): FieldError[] {
  const { matchLabels, matchExpressions = [] } = selector;
  return [
    ...labelErrors(matchLabels === undefined ? {} : { labels: matchLabels }, `${field}.matchLabels`),
    ...matchExpressions.flatMap((each, n) => requirementErrors(each, `${field}.matchExpressions[${n}]`)),
  ];
}

function requirementErrors({ key = '', operator, values = [] }: Requirement, field: string): FieldError[] {
  return [
    ...operatorErrors(operator, values, field),
    ...qualifiedNameErrors(key).map((problem) => invalid(`${field}.key`, key, problem)),
    ...values.flatMap((value, n) =>
      labelValueErrors(value).map((problem) => invalid(`${field}.values[${n}]`, value, problem)),
    ),
  ];
}

function operatorErrors(operator: string | undefined, values: string[], field: string): FieldError[] {
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
    default:
      return [invalid(`${field}.operator`, operator ?? '', 'not a valid selector operator')];
  }
}
