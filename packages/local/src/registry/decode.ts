import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import {
  applyBuiltinDefaults,
  applyDefaults,
  invalidError,
  isObject,
  prune,
  strictDecodingError,
  unknownFieldMessage,
  validate,
  type FieldError,
  type Schema,
} from '@pgherd/kube/schema';
import { builtinSchemaOf, metadataSchema } from './builtin-schema.ts';
import { cloneJson } from './clone.ts';
import type { ResourceDefinition } from './definition.ts';
import { badRequest } from './errors.ts';
import { apiVersionOf } from './kernel.ts';
import type { WriteOptions } from './registry.ts';

/** The schema that objects of this kind are read with. */
export function schemaOf(definition: ResourceDefinition): Schema | undefined {
  return definition.custom?.schema ?? builtinSchemaOf(definition);
}

/**
 * Makes an object of what a client sent: checks apiVersion and kind (both may be absent), removes unknown
 * fields (or refuses them, under `Strict`), fills in defaults (unless told not to: an applied configuration). The result is a private copy.
 *
 * @throws ApiError 400 when it is no object of this kind, or has a value of a wrong JSON type.
 */
export function decode(
  definition: ResourceDefinition,
  input: unknown,
  options: WriteOptions,
  { defaults = true }: { defaults?: boolean } = {},
): KubeObject {
  if (!isObject(input)) throw badRequest(`the request's body is not an object`);
  checkKind(definition, input);
  const apiVersion = apiVersionOf(definition);
  const schema = schemaOf(definition);
  const copy = cloneJson(input, !definition.custom, schema) as KubeObject;
  const { apiVersion: _version, kind: _kind, ...rest } = copy;
  const object: KubeObject = { apiVersion, kind: definition.kind, ...rest };
  if (object.metadata === undefined || object.metadata === null) object.metadata = {};
  if (!isObject(object.metadata)) throw badRequest(`metadata is not an object`);
  dropNulls(object.metadata);
  if (schema) {
    const unknown = prune(schema, object, { isResourceRoot: true, metadata: metadataSchema() });
    reportUnknown(definition, unknown.map(unknownFieldMessage), options);
    if (!definition.custom) checkTypes(definition, schema, object);
    else checkTypes(definition, { type: 'object', properties: { metadata: metadataSchema() } }, object);
    if (defaults && definition.custom) applyDefaults(schema, object);
    else if (defaults) applyBuiltinDefaults(object);
  }
  checkMetadataTypes(definition, object);
  return object;
}

/** A field error list of the schema alone; wrong JSON types of built-in kinds were refused by `decode`. */
export function schemaErrors(definition: ResourceDefinition, object: KubeObject): FieldError[] {
  const schema = schemaOf(definition);
  return schema ? validate(schema, object) : [];
}

/** Throws 422 when there are errors. */
export function refuse(definition: ResourceDefinition, name: string, errors: FieldError[]): void {
  if (errors.length > 0) throw invalidError(definition, name, errors);
}

/** Tells unknown and duplicate fields as `fieldValidation` asks for. */
export function reportUnknown(
  definition: ResourceDefinition,
  messages: string[],
  options: WriteOptions,
): void {
  if (messages.length === 0 || options.fieldValidation === 'Ignore') return;
  if (options.fieldValidation === 'Strict') throw strictDecodingError(definition, messages);
  for (const message of messages) options.warn?.(message);
}

function checkKind(definition: ResourceDefinition, object: Record<string, unknown>): void {
  const expected = apiVersionOf(definition);
  const apiVersion = textOf(object['apiVersion']);
  const kind = textOf(object['kind']);
  if (apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== '' && kind !== definition.kind) {
    throw badRequest(
      `${kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: no kind "${kind}" is registered for this path`,
    );
  }
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function dropNulls(record: object): void {
  for (const [key, value] of Object.entries(record)) if (value === null) Reflect.deleteProperty(record, key);
}

/** Go's decoder refuses these for built-in kinds before validation sees them. */
function checkTypes(definition: ResourceDefinition, schema: Schema, object: KubeObject): void {
  const wrong = validate(schema, object).filter(
    // A format that does not fit (base64, times) is a decoding error there too.
    ({ type, detail }) => type === 'FieldValueTypeInvalid' || detail.includes(' must be of type '),
  );
  if (wrong.length === 0) return;
  const first = wrong[0];
  throw badRequest(
    `${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: ` +
      `${first?.field ?? ''}: ${first?.detail ?? ''}`,
  );
}

const stringFields = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'] as const;
const mapFields = ['labels', 'annotations'] as const;

/** So that no later code meets a label that is no string. */
function checkMetadataTypes(definition: ResourceDefinition, object: KubeObject): void {
  const fail = (field: string, expected: string): ApiError =>
    badRequest(
      `${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: ` +
        `metadata.${field}: expected ${expected}`,
    );
  const metadata = object.metadata as Record<string, unknown>;
  for (const field of stringFields) {
    if (metadata[field] !== undefined && typeof metadata[field] !== 'string') throw fail(field, 'a string');
  }
  for (const field of mapFields) {
    const map = metadata[field];
    if (map === undefined) continue;
    if (!isObject(map)) throw fail(field, 'a map of strings');
    for (const [key, value] of Object.entries(map)) {
      if (value === null) map[key] = '';
      else if (typeof value !== 'string') throw fail(`${field}.${key}`, 'a string');
    }
    if (Object.keys(map).length === 0) delete metadata[field];
  }
  const { finalizers, ownerReferences } = metadata;
  if (finalizers !== undefined && !isListOf(finalizers, (v) => typeof v === 'string')) {
    throw fail('finalizers', 'a list of strings');
  }
  if (ownerReferences !== undefined && !isListOf(ownerReferences, isObject)) {
    throw fail('ownerReferences', 'a list of objects');
  }
  if (Array.isArray(finalizers) && finalizers.length === 0) delete metadata['finalizers'];
  if (Array.isArray(ownerReferences) && ownerReferences.length === 0) delete metadata['ownerReferences'];
}

function isListOf(value: unknown, check: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check);
}
