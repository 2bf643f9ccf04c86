import {
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
  type KubeObject,
  type ObjectMeta,
} from '@pgherd/kube/objects';
import { forbidden, invalid, required, tooLong, type FieldError } from '@pgherd/kube/schema';
import type { NameRule, ResourceDefinition } from './definition.ts';

/** What is wrong with `name` under the rule, in Kubernetes' words. */
export function nameProblems(rule: NameRule, name: string): string[] {
  if (rule === 'path') {
    if (name === '.' || name === '..') return [`may not be '${name}'`];
    return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
  }
  if (rule === 'subdomain') return dns1123SubdomainErrors(name);
  return rule === 'label' ? dns1123LabelErrors(name) : dns1035LabelErrors(name);
}

/** Everything that is wrong with `metadata` of a new object. */
export function metadataErrors(definition: ResourceDefinition, object: KubeObject): FieldError[] {
  const { metadata } = object;
  const errors: FieldError[] = [];
  const name = metadata.name ?? '';
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else {
    for (const problem of nameProblems(definition.strategy.nameRule, name)) {
      errors.push(invalid('metadata.name', name, problem));
    }
  }
  if (definition.namespaced && metadata.namespace !== undefined) {
    for (const problem of nameProblems('label', metadata.namespace)) {
      errors.push(invalid('metadata.namespace', metadata.namespace, problem));
    }
  }
  return [
    ...errors,
    ...labelErrors(metadata),
    ...annotationErrors(metadata),
    ...referenceErrors(metadata, definition.custom !== undefined),
  ];
}

export function labelErrors(metadata: ObjectMeta, field = 'metadata.labels'): FieldError[] {
  return Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    return [
      ...qualifiedNameErrors(key).map((problem) => invalid(field, key, problem)),
      ...labelValueErrors(value).map((problem) => invalid(field, value, problem)),
    ];
  });
}

/** All annotations of one object together, in bytes. */
const annotationLimit = 256 * 1024;

export function annotationErrors(metadata: ObjectMeta, field = 'metadata.annotations'): FieldError[] {
  const entries = Object.entries(metadata.annotations ?? {});
  const errors = entries.flatMap(([key]) =>
    qualifiedNameErrors(key.toLowerCase()).map((problem) => invalid(field, key, problem)),
  );
  const size = entries.reduce((sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v), 0);
  if (size > annotationLimit) errors.push(tooLong(field, annotationLimit));
  return errors;
}

function referenceErrors(metadata: ObjectMeta, isCustom: boolean): FieldError[] {
  const errors: FieldError[] = [];
  let controllers = 0;
  for (const [index, owner] of (metadata.ownerReferences ?? []).entries()) {
    const field = `metadata.ownerReferences[${index}]`;
    for (const key of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[key]) {
        errors.push(
          invalid(
            `${field}.${key}`,
            owner[key] ?? '',
            key === 'apiVersion' ? 'version must not be empty' : 'must not be empty',
          ),
        );
      }
    }
    if (owner.controller) controllers++;
  }
  if (controllers > 1) {
    errors.push(
      invalid(
        'metadata.ownerReferences',
        metadata.ownerReferences,
        'Only one reference can have Controller set to true',
      ),
    );
  }
  for (const finalizer of metadata.finalizers ?? []) {
    const problems = qualifiedNameErrors(finalizer);
    errors.push(...problems.map((problem) => invalid('metadata.finalizers', finalizer, problem)));
    // Of custom resources Kubernetes asks no more than a qualified name.
    if (problems.length > 0) continue;
    if (!isCustom && !finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      errors.push(
        invalid(
          'metadata.finalizers',
          finalizer,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
    }
  }
  return errors;
}

const standardFinalizers = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
  'customresourcecleanup.apiextensions.k8s.io',
]);

/** What an update may not do to `metadata`. */
export function metadataUpdateErrors(next: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const before = old.metadata;
  const after = next.metadata;
  if (before.deletionTimestamp) {
    const known = new Set(before.finalizers);
    const added = (after.finalizers ?? []).filter((finalizer) => !known.has(finalizer));
    if (added.length > 0) {
      const list = `[]string{${added.map((f) => JSON.stringify(f)).join(', ')}}`;
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
        ),
      );
    }
  }
  for (const key of ['deletionGracePeriodSeconds', 'deletionTimestamp'] as const) {
    if (after[key] !== before[key]) {
      const why = 'field is immutable; may only be changed via deletion';
      errors.push(invalid(`metadata.${key}`, after[key], why));
    }
  }
  return errors;
}
