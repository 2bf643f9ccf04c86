import { forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import { labelSelectorErrors } from './label-selector.ts';
import { podSpecErrors } from './pod.ts';
import { mismatch, negativeErrors, templateMetadataErrors, type WorkloadSpec } from './workload.ts';

/** The fields of a Job's spec that rules look at. */
export interface JobSpec extends WorkloadSpec {
  completions?: number;
  completionMode?: string;
  manualSelector?: boolean;
  podReplacementPolicy?: string;
  suspend?: boolean;
}

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
];

/** What the schema cannot say of a Job's spec and of a CronJob's template of one, besides the selector. */
export function jobSpecErrors(spec: JobSpec, path: string): FieldError[] {
  return [
    ...negativeErrors(spec, path, counts),
    ...modeErrors(spec, path),
    ...templateMetadataErrors(spec.template, `${path}.template`),
    ...podSpecErrors(spec.template?.spec ?? {}, `${path}.template.spec`),
    ...restartErrors(spec.template?.spec?.restartPolicy, `${path}.template.spec.restartPolicy`),
  ];
}

function modeErrors(spec: JobSpec, path: string): FieldError[] {
  const { completionMode = 'NonIndexed', podReplacementPolicy = 'TerminatingOrFailed' } = spec;
  const errors: FieldError[] = [];
  if (completionMode === 'Indexed') {
    const why = 'not supported by this single-machine engine: pods of a Job have no index';
    errors.push(forbidden(`${path}.completionMode`, why));
  } else if (completionMode !== 'NonIndexed') {
    errors.push(notSupported(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed']));
  }
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
    const value = spec[field];
    if (value === 0) errors.push(invalid(`${path}.${field}`, value, 'requires indexed completion mode'));
  }
  if (!['Failed', 'TerminatingOrFailed'].includes(podReplacementPolicy)) {
    const known = ['Failed', 'TerminatingOrFailed'];
    errors.push(notSupported(`${path}.podReplacementPolicy`, podReplacementPolicy, known));
  }
  return errors;
}

/** Defaulting makes `Always` of a policy that nobody gave. */
function restartErrors(policy: string | undefined, field: string): FieldError[] {
  if (policy === 'OnFailure' || policy === 'Never') return [];
  if (policy === undefined || policy === '' || policy === 'Always') {
    return [required(field, 'valid values: "OnFailure", "Never"')];
  }
  return [notSupported(field, policy, ['OnFailure', 'Never'])];
}

/** The selector of a Job: there, well-formed, and matching the template. */
export function jobSelectorErrors({ selector, template }: JobSpec): FieldError[] {
  if (!selector) return [required('spec.selector')];
  return [...labelSelectorErrors(selector, 'spec.selector'), ...mismatch(selector, template)];
}
