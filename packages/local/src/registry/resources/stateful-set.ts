import type { KubeObject } from '@pgherd/kube/objects';
import { forbidden, invalid, required, type FieldError } from '@pgherd/kube/schema';
import type { Strategy } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { matchesLabelSelector } from '../selectors.ts';
import { podSpecErrors, type PodSpec } from '../validation/pod.ts';

interface Spec {
  replicas?: number;
  selector?: Parameters<typeof matchesLabelSelector>[0];
  template?: { metadata?: { labels?: Record<string, string> }; spec?: PodSpec & { restartPolicy?: string } };
  [field: string]: unknown;
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];
const mutableText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const specOf = (object: KubeObject): Spec => (object['spec'] ?? {}) as Spec;

export const statefulSetStrategy: Partial<Strategy> = {
  nameRule: 'subdomain',
  generation: true,
  prepareCreate: (object) => {
    object['status'] = { replicas: 0, availableReplicas: 0 };
    // Claims in the template have a kind, as the API server writes it.
    for (const claim of (specOf(object)['volumeClaimTemplates'] ?? []) as KubeObject[]) {
      claim.apiVersion = 'v1';
      claim.kind = 'PersistentVolumeClaim';
      claim['status'] = { phase: 'Pending' };
    }
  },
  prepareUpdate: (next) => {
    for (const claim of (specOf(next)['volumeClaimTemplates'] ?? []) as KubeObject[]) {
      claim.apiVersion = 'v1';
      claim.kind = 'PersistentVolumeClaim';
      claim['status'] ??= { phase: 'Pending' };
    }
  },
  validate,
  validateUpdate: (next, old) => {
    const strip = (object: KubeObject) =>
      Object.fromEntries(Object.entries(specOf(object)).filter(([key]) => !mutable.includes(key)));
    return semanticEqual(strip(next), strip(old)) ? [] : [forbidden('spec', mutableText)];
  },
};

function validate(object: KubeObject): FieldError[] {
  const spec = specOf(object);
  const errors: FieldError[] = [];
  if (spec.replicas !== undefined && spec.replicas < 0) {
    errors.push(invalid('spec.replicas', spec.replicas, 'must be greater than or equal to 0'));
  }
  const { selector, template } = spec;
  if (!selector) errors.push(required('spec.selector'));
  else if (!selector.matchLabels && !selector.matchExpressions) {
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for statefulset'));
  } else if (!matchesLabelSelector(selector, template?.metadata?.labels ?? {})) {
    errors.push(
      invalid(
        'spec.template.metadata.labels',
        template?.metadata?.labels,
        '`selector` does not match template `labels`',
      ),
    );
  }
  errors.push(...podSpecErrors(withClaims(spec), 'spec.template.spec'));
  const restart = template?.spec?.restartPolicy;
  if (restart !== undefined && restart !== 'Always') {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'spec.template.spec.restartPolicy',
      value: restart,
      detail: 'supported values: "Always"',
    });
  }
  return errors;
}

/** Mounts may name a claim template as well as a volume. */
function withClaims(spec: Spec): PodSpec {
  const template = spec.template?.spec ?? {};
  const known = new Set((template.volumes ?? []).map((v) => v.name));
  const claims = ((spec['volumeClaimTemplates'] ?? []) as KubeObject[])
    .map((claim) => ({ name: claim.metadata?.name ?? '' }))
    .filter((claim) => !known.has(claim.name));
  return { ...template, volumes: [...(template.volumes ?? []), ...claims] };
}
