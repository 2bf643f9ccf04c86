import type { KubeObject } from '@pgherd/kube/objects';
import { forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { semanticEqual } from '../equal.ts';
import { matchesLabelSelector } from '../selectors.ts';
import { annotationErrors, labelErrors } from '../metadata.ts';
import { labelSelectorErrors } from './label-selector.ts';
import { podSpecErrors, type PodSpec } from './pod.ts';

/** What ReplicaSet and Deployment have in common. */
export interface WorkloadSpec {
  replicas?: number;
  minReadySeconds?: number;
  selector?: Parameters<typeof matchesLabelSelector>[0];
  template?: PodTemplate;
  [field: string]: unknown;
}

/** A pod template, as an object carries it. */
export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: PodSpec & { restartPolicy?: string };
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
  } else errors.push(...labelSelectorErrors(selector, 'spec.selector'), ...mismatch(selector, template));
  errors.push(...templateMetadataErrors(template, 'spec.template'));
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

/** The selector has to match the pods that it is for. */
export function mismatch(
  selector: NonNullable<WorkloadSpec['selector']>,
  template: PodTemplate | undefined,
): FieldError[] {
  const labels = template?.metadata?.labels;
  if (matchesLabelSelector(selector, labels ?? {})) return [];
  return [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
}

/**
 * Labels and annotations that the pods would be refused for. The API server leaves `metadata` out of these paths:
 * `spec.template.labels`.
 */
export function templateMetadataErrors(template: PodTemplate | undefined, path: string): FieldError[] {
  const metadata = template?.metadata ?? {};
  return [...labelErrors(metadata, `${path}.labels`), ...annotationErrors(metadata, `${path}.annotations`)];
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
