import {
  labelSelectorFromObject,
  matchesLabels,
  parseFieldSelector as parseFields,
  parseLabelSelector,
  type FieldRequirement,
  type KubeObject,
} from '@pgherd/kube/objects';
import { badRequest } from './errors.ts';

/** Does the object match? */
export type Predicate = (object: KubeObject) => boolean;

/** Selectable fields of an object; its keys for an empty object say which exist. */
export type FieldsOf = (object: KubeObject) => Record<string, string>;

/**
 * The selectors of a list or watch as one predicate; undefined when everything matches.
 *
 * @throws ApiError 400 for what cannot be parsed, and for a field that cannot be selected by.
 */
export function parseSelectors(
  options: { labelSelector?: string; fieldSelector?: string },
  fields: FieldsOf,
): Predicate | undefined {
  const labels = orBadRequest(() => parseLabelSelector(options.labelSelector ?? ''));
  const required = orBadRequest(() => parseFields(options.fieldSelector ?? ''));
  checkFields(required, fields);
  if (labels.length === 0 && required.length === 0) return undefined;
  return (object) => {
    if (!matchesLabels(labels, object.metadata.labels)) return false;
    if (required.length === 0) return true;
    const actual = fields(object);
    return required.every(({ field, equal, value }) => (actual[field] === value) === equal);
  };
}

function orBadRequest<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

function checkFields(requirements: FieldRequirement[], fields: FieldsOf): void {
  const known = fields({ metadata: {} });
  for (const { field } of requirements) {
    if (!Object.hasOwn(known, field)) throw badRequest(`field label not supported: ${field}`);
  }
}

/**
 * Kubernetes' `LabelSelector` object (matchLabels, matchExpressions) as a predicate over labels. One with an
 * operator that does not exist matches nothing.
 */
export function matchesLabelSelector(
  selector: Parameters<typeof labelSelectorFromObject>[0],
  labels: Record<string, string>,
): boolean {
  const known = (selector.matchExpressions ?? []).every(({ operator }) => operators.has(operator));
  return known && matchesLabels(labelSelectorFromObject(selector), labels);
}

const operators = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);
