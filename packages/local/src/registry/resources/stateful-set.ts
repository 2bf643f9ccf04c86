import type { KubeObject } from '@pgherd/kube/objects';
import { forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import type { Strategy } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { labelSelectorErrors } from '../validation/label-selector.ts';
import { mismatch, negativeErrors, specOf, templateMetadataErrors } from '../validation/workload.ts';

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
  const errors = negativeErrors(spec, 'spec', ['replicas', 'minReadySeconds', 'revisionHistoryLimit']);
  const { selector, template } = spec;
  if (!selector) errors.push(required('spec.selector'));
  else if (!selector.matchLabels && !selector.matchExpressions) {
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for statefulset'));
  } else errors.push(...labelSelectorErrors(selector, 'spec.selector'), ...mismatch(selector, template));
  errors.push(...templateMetadataErrors(template, 'spec.template'));
  // Nothing else of the pods is looked at: the API server leaves that to their own creation.
  const restart = template?.spec?.restartPolicy;
  if (restart !== undefined && restart !== 'Always') {
    errors.push(notSupported('spec.template.spec.restartPolicy', restart, ['Always']));
  }
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    const why = 'activeDeadlineSeconds in StatefulSet is not Supported';
    errors.push(forbidden('spec.template.spec.activeDeadlineSeconds', why));
  }
  return errors;
}
