import type { KubeObject } from '@pgherd/kube/objects';
import {
  forbidden,
  invalid,
  notSupported,
  required,
  structuralErrors,
  type FieldError,
} from '@pgherd/kube/schema';
import type { Strategy } from '../definition.ts';
import { crdSpec } from '../custom-resources.ts';

const approval = 'api-approved.kubernetes.io';
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

export const customResourceDefinitionStrategy: Partial<Strategy> = {
  generation: true,
  unconditionalUpdate: false,
  prepareCreate: (object) => {
    const { finalizers = [] } = object.metadata;
    if (!finalizers.includes(cleanup)) object.metadata.finalizers = [...finalizers, cleanup];
    delete object['status'];
    fillNames(object);
  },
  prepareUpdate: (next) => fillNames(next),
  validate,
  validateUpdate: (next, old) => {
    const now = crdSpec(next);
    const before = crdSpec(old);
    return (['group', 'scope'] as const)
      .filter((field) => now[field] !== before[field])
      .map((field) => invalid(`spec.${field}`, now[field], 'field is immutable'));
  },
};

function fillNames(object: KubeObject): void {
  const spec = crdSpec(object);
  const { names } = spec;
  if (!names) return;
  if (names.kind) {
    names.singular ??= names.kind.toLowerCase();
    names.listKind ??= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
}

function validate(object: KubeObject): FieldError[] {
  const spec = crdSpec(object);
  const errors: FieldError[] = [];
  const { group, names, versions = [], scope } = spec;
  const expected = `${names?.plural ?? ''}.${group ?? ''}`;
  if (object.metadata.name !== expected) {
    errors.push(invalid('metadata.name', object.metadata.name, `must be spec.names.plural+"."+spec.group`));
  }
  if (!group) errors.push(required('spec.group'));
  else if (!group.includes('.')) {
    errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  } else if (/(^|\.)(k8s|kubernetes)\.io$/.test(group) && !object.metadata.annotations?.[approval]) {
    errors.push(
      required(
        `metadata.annotations[${approval}]`,
        `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    );
  }
  if (!names?.plural) errors.push(required('spec.names.plural'));
  if (!names?.kind) errors.push(required('spec.names.kind'));
  if (scope !== 'Namespaced' && scope !== 'Cluster') {
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
  if (versions.length === 0) errors.push(required('spec.versions', 'must have at least one version'));
  if (versions.filter((v) => v.storage).length !== 1) {
    errors.push(
      invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  }
  const strategy = spec.conversion?.strategy ?? 'None';
  if (strategy !== 'None') errors.push(notSupported('spec.conversion.strategy', strategy, ['None']));
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    const schema = version.schema?.openAPIV3Schema;
    if (!schema) errors.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'));
    else errors.push(...structuralErrors(schema, `${path}.schema.openAPIV3Schema`));
    if (version.subresources?.scale) {
      errors.push(
        forbidden(
          `${path}.subresources.scale`,
          'the scale subresource of custom resources is not served here',
        ),
      );
    }
    if (version.selectableFields && version.selectableFields.length > 0) {
      errors.push(
        forbidden(`${path}.selectableFields`, 'selectable fields of custom resources are not served here'),
      );
    }
  }
  return errors;
}
