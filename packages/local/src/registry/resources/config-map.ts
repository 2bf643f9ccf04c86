import { forbidden, invalid, tooLong, type FieldError } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Strategy } from '../definition.ts';
import { semanticEqual } from '../equal.ts';

const keyPattern = /^[-._a-zA-Z0-9]+$/;
const keyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** Bytes of all values of one ConfigMap or Secret together. */
const sizeLimit = 1024 * 1024;

/** What is wrong with the keys of a ConfigMap or Secret. */
export function dataKeyErrors(field: string, data: unknown): FieldError[] {
  return Object.keys((data ?? {}) as Record<string, unknown>).flatMap((key) => {
    const path = `${field}[${key}]`;
    if (key.length > 253) return [invalid(path, key, 'must be no more than 253 characters')];
    if (key === '.' || key === '..' || key.startsWith('..')) {
      return [invalid(path, key, key.length > 2 ? `must not start with '..'` : `must not be '${key}'`)];
    }
    return keyPattern.test(key) ? [] : [invalid(path, key, keyText)];
  });
}

export function dataSizeErrors(object: KubeObject): FieldError[] {
  const values = [
    ...Object.values((object['data'] ?? {}) as Record<string, string>),
    ...Object.values((object['binaryData'] ?? {}) as Record<string, string>),
  ];
  const size = values.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  return size > sizeLimit ? [tooLong('', sizeLimit)] : [];
}

/** An object marked immutable stays so, and keeps its data. */
export function immutableErrors(next: KubeObject, old: KubeObject, fields: string[]): FieldError[] {
  if (old['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  if (next['immutable'] !== true) {
    errors.push(forbidden('immutable', 'field is immutable when `immutable` is set'));
  }
  for (const field of fields) {
    if (!semanticEqual(next[field] ?? {}, old[field] ?? {})) {
      errors.push(forbidden(field, 'field is immutable when `immutable` is set'));
    }
  }
  return errors;
}

export const configMapStrategy: Partial<Strategy> = {
  validate: (object) => {
    const data = (object['data'] ?? {}) as Record<string, unknown>;
    const both = Object.keys((object['binaryData'] ?? {}) as Record<string, unknown>)
      .filter((key) => key in data)
      .map((key) => invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    return [
      ...dataKeyErrors('data', object['data']),
      ...dataKeyErrors('binaryData', object['binaryData']),
      ...both,
      ...dataSizeErrors(object),
    ];
  },
  validateUpdate: (next, old) => immutableErrors(next, old, ['data', 'binaryData']),
};
