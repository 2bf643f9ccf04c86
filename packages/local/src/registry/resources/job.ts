import type { KubeObject } from '@pgherd/kube/objects';
import { invalid, required, type FieldError } from '@pgherd/kube/schema';
import type { Strategy } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { matchesLabelSelector } from '../selectors.ts';
import { jobSelectorErrors, jobSpecErrors, type JobSpec } from '../validation/job.ts';
import { negativeErrors, type PodTemplate } from '../validation/workload.ts';

/** What every pod of a Job is labelled with; the names without a prefix are those of older versions. */
export const controllerUidLabel = 'batch.kubernetes.io/controller-uid';
const uidLabels = ['controller-uid', controllerUidLabel];
const nameLabels = ['job-name', 'batch.kubernetes.io/job-name'];

interface Status {
  startTime?: string;
  succeeded?: number;
}

const specOf = (object: KubeObject): JobSpec => (object['spec'] ?? {}) as JobSpec;
const statusOf = (object: KubeObject): Status => object['status'] ?? {};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export const jobStrategy: Partial<Strategy> = {
  generation: true,
  orphansDependents:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  fields: (object) => ({ 'status.successful': String(statusOf(object).succeeded ?? 0) }),
  prepareCreate: (object) => {
    object['status'] = {};
    if (specOf(object).manualSelector !== true) selectByUid(object);
    const labels = specOf(object).template?.metadata?.labels;
    if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) {
      object.metadata.labels = { ...labels };
    }
  },
  validate: (object) => {
    const spec = specOf(object);
    return [...generatedErrors(object), ...jobSpecErrors(spec, 'spec'), ...jobSelectorErrors(spec)];
  },
  validateUpdate,
  validateStatus: (next) =>
    negativeErrors(next['status'], 'status', ['active', 'succeeded', 'failed', 'ready', 'terminating']),
};

/** Labels of the pods, and a selector for them; what somebody wrote stays, and is refused if it is another. */
function selectByUid(object: KubeObject): void {
  const { name = '', uid = '' } = object.metadata;
  const spec = specOf(object);
  object['spec'] = spec;
  const template: PodTemplate = (spec.template ??= {});
  template.metadata ??= {};
  template.metadata.labels = {
    ...Object.fromEntries([...uidLabels.map((key) => [key, uid]), ...nameLabels.map((key) => [key, name])]),
    ...template.metadata.labels,
  };
  const { matchLabels, ...rest } = spec.selector ?? {};
  spec.selector = { ...rest, matchLabels: { [controllerUidLabel]: uid, ...matchLabels } };
}

function generatedErrors(object: KubeObject): FieldError[] {
  const { selector, template, manualSelector } = specOf(object);
  if (manualSelector === true || !selector) return [];
  const { name = '', uid = '' } = object.metadata;
  const expected = Object.fromEntries([
    ...uidLabels.map((key) => [key, uid] as const),
    ...nameLabels.map((key) => [key, name] as const),
  ]);
  const labels = template?.metadata?.labels ?? {};
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(expected)) {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) errors.push(required(field, `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalid(field, labels, `must be '${value}'`));
  }
  if (!matchesLabelSelector(selector, expected)) {
    errors.push(invalid('spec.selector', selector, '`selector` not auto-generated'));
  }
  return errors;
}

function validateUpdate(next: KubeObject, old: KubeObject): FieldError[] {
  const now = specOf(next);
  const before = specOf(old);
  const errors = (['completions', 'selector', 'completionMode'] as const)
    .filter((field) => !semanticEqual(now[field], before[field]))
    .map((field) => invalid(`spec.${field}`, now[field], 'field is immutable'));
  const waiting = before.suspend === true && statusOf(old).startTime === undefined;
  const fixed = waiting ? withoutPlacement : (template: PodTemplate | undefined) => template;
  if (!semanticEqual(fixed(now.template), fixed(before.template))) {
    errors.push(invalid('spec.template', now.template, 'field is immutable'));
  }
  return errors;
}

/** Where the pods go may still change while none has been made. */
function withoutPlacement(template: PodTemplate | undefined): unknown {
  const { metadata, spec } = template ?? {};
  const { labels: _l, annotations: _a, ...others } = metadata ?? {};
  const { nodeSelector: _n, tolerations: _t, schedulingGates: _g, affinity, ...rest } = spec ?? {};
  const { nodeAffinity: _na, ...affinities } = (affinity ?? {}) as { nodeAffinity?: unknown };
  return { others, rest, affinities };
}
