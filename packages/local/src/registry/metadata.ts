import type { KubeObject, ObjectMeta } from '@pgherd/kube/objects';
import { forbidden, invalid, required, tooLong, type FieldError } from '@pgherd/kube/schema';
import type { NameRule, ResourceDefinition } from './definition.ts';
import { isLabelValue, isQualifiedName } from './selectors.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** What is wrong with `name` under the rule, in Kubernetes' words. */
export function nameProblems(rule: NameRule, name: string): string[] {
  if (rule === 'path') {
    if (name === '.' || name === '..') return [`may not be '${name}'`];
    return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
  }
  const limit = rule === 'subdomain' ? 253 : 63;
  const problems = name.length > limit ? [`must be no more than ${limit} characters`] : [];
  if (rule === 'subdomain' && !subdomain.test(name)) problems.push(subdomainText);
  if (rule === 'label' && !label.test(name)) problems.push(labelText);
  if (rule === 'label1035' && !label1035.test(name)) problems.push(label1035Text);
  return problems;
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
    const errors: FieldError[] = [];
    if (!isQualifiedName(key)) errors.push(invalid(field, key, qualifiedNameText));
    if (!isLabelValue(value)) {
      errors.push(
        invalid(field, value, value.length > 63 ? 'must be no more than 63 bytes' : labelValueText),
      );
    }
    return errors;
  });
}

const qualifiedNameText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** All annotations of one object together, in bytes. */
const annotationLimit = 256 * 1024;

function annotationErrors(metadata: ObjectMeta): FieldError[] {
  const entries = Object.entries(metadata.annotations ?? {});
  const errors = entries
    .filter(([key]) => !isQualifiedName(key.toLowerCase()))
    .map(([key]) => invalid('metadata.annotations', key, qualifiedNameText));
  const size = entries.reduce((sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v), 0);
  if (size > annotationLimit) errors.push(tooLong('metadata.annotations', annotationLimit));
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
    if (!isQualifiedName(finalizer))
      errors.push(invalid('metadata.finalizers', finalizer, qualifiedNameText));
    // Of custom resources Kubernetes asks no more than a qualified name.
    else if (!isCustom && !finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
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
  for (const key of ['uid', 'creationTimestamp'] as const) {
    if (after[key] !== before[key]) errors.push(invalid(`metadata.${key}`, after[key], 'field is immutable'));
  }
  return errors;
}
