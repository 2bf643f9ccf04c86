import type { KubeObject } from '@pgherd/kube/objects';
import { forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { semanticEqual } from '../equal.ts';
import { matchesLabelSelector } from '../selectors.ts';
import { podSpecErrors, type PodSpec } from './pod.ts';

/** What ReplicaSet and Deployment have in common. */
export interface WorkloadSpec {
  replicas?: number;
  minReadySeconds?: number;
  selector?: Parameters<typeof matchesLabelSelector>[0];
  template?: { metadata?: { labels?: Record<string, string> }; spec?: PodSpec & { restartPolicy?: string } };
  [field: string]: unknown;
}

/** `spec`, or an empty one. */
export const specOf = (object: KubeObject): WorkloadSpec => (object['spec'] ?? {}) as WorkloadSpec;

/** One error for each of these numbers that is below zero. */
export function negativeErrors(from: unknown, path: string, fields: readonly string[]): FieldError[] {
  const values = (from ?? {}) as Record<string, unknown>;
  return fields.flatMap((field) => {
    const value = values[field];
    if (typeof value !== 'number' || value >= 0) return [];
    return [invalid(`${path}.${field}`, value, 'must be greater than or equal to 0')];
  });
}

/** Selector and template of what keeps pods running; the rules are those of `apps/v1`. */
export function workloadErrors(object: KubeObject): FieldError[] {
  const spec = specOf(object);
  const errors = negativeErrors(spec, 'spec', ['replicas', 'minReadySeconds']);
  const { selector, template } = spec;
  if (!selector) errors.push(required('spec.selector'));
  else if (isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
  } else if (!matchesLabelSelector(selector, template?.metadata?.labels ?? {})) {
    const labels = template?.metadata?.labels;
    const why = '`selector` does not match template `labels`';
    errors.push(invalid('spec.template.metadata.labels', labels, why));
  }
  errors.push(...podSpecErrors(template?.spec ?? {}, 'spec.template.spec'));
  const restart = template?.spec?.restartPolicy;
  if (restart !== undefined && restart !== 'Always') {
    errors.push(notSupported('spec.template.spec.restartPolicy', restart, ['Always']));
  }
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    const why = 'activeDeadlineSeconds in ReplicaSet is not Supported';
    errors.push(forbidden('spec.template.spec.activeDeadlineSeconds', why));
  }
  return errors;
}

/** Of `apps/v1` the selector stays as it was made. */
export function selectorChange(next: KubeObject, old: KubeObject): FieldError[] {
  const { selector } = specOf(next);
  if (semanticEqual(selector, specOf(old).selector)) return [];
  return [invalid('spec.selector', selector, 'field is immutable')];
}

function isEmptySelector({ matchLabels, matchExpressions }: NonNullable<WorkloadSpec['selector']>): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}
