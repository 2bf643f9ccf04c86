import { invalidError, isObject, type FieldError } from '@pgherd/kube/schema';
import { readDeleteOptions, readDryRun } from '../registry/delete-options.ts';
import { badRequest } from '../registry/errors.ts';
import type { DeleteOptions, WatchOptions, WriteOptions } from '../registry/registry.ts';
import type { ReadOptions } from '../registry/read.ts';

/** Kubernetes' reading of a query parameter: present and neither `false` nor `0` is true. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)?.toLowerCase();
  return value !== undefined && value !== 'false' && value !== '0';
}

/** A whole number; undefined when absent. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^-?\d+$/.test(value)) {
    throw badRequest(`strconv.ParseInt: parsing "${value}": invalid syntax (query parameter ${name})`);
  }
  return Number(value);
}

function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) ?? undefined;
}

/** Leaves out what is undefined. */
function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}

function listOptionsError(field: string, detail: string): Error {
  const error: FieldError = { type: 'FieldValueForbidden', field, detail };
  return invalidError({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [error]);
}

export function parseListOptions(query: URLSearchParams, namespace: string | undefined): ReadOptions {
  if (query.has('sendInitialEvents')) {
    throw listOptionsError('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  }
  const match = text(query, 'resourceVersionMatch');
  if (match !== undefined && match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    const error: FieldError = {
      type: 'FieldValueNotSupported',
      field: 'resourceVersionMatch',
      value: match,
      detail: 'supported values: "Exact", "NotOlderThan"',
    };
    throw invalidError({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [error]);
  }
  const resourceVersion = text(query, 'resourceVersion');
  if (match && !resourceVersion) {
    throw listOptionsError(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (match && query.get('continue')) {
    throw listOptionsError(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden when continue is provided',
    );
  }
  if (match === 'Exact' && resourceVersion === '0') {
    throw listOptionsError(
      'resourceVersionMatch',
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
  return defined<ReadOptions>({
    namespace,
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    limit: integer(query, 'limit'),
    continue: text(query, 'continue') || undefined,
    resourceVersion,
    resourceVersionMatch: match === 'Exact' || match === 'NotOlderThan' ? match : undefined,
  });
}

export function parseWatchOptions(query: URLSearchParams, namespace: string | undefined): WatchOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = query.has('sendInitialEvents') ? flag(query, 'sendInitialEvents') : undefined;
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    throw listOptionsError(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  if (sendInitialEvents === undefined && match !== '') {
    throw listOptionsError(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (sendInitialEvents === true && !flag(query, 'allowWatchBookmarks')) {
    throw listOptionsError(
      'allowWatchBookmarks',
      'sendInitialEvents requires setting allowWatchBookmarks to true',
    );
  }
  return defined<WatchOptions>({
    namespace,
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    resourceVersion: text(query, 'resourceVersion'),
    allowBookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents,
  });
}

const validations = ['Ignore', 'Warn', 'Strict'] as const;

export function parseWriteOptions(
  query: URLSearchParams,
  userAgent: string | undefined,
  warn: (message: string) => void,
): WriteOptions {
  const validation = query.get('fieldValidation') || 'Warn';
  if (!(validations as readonly string[]).includes(validation)) {
    const error: FieldError = {
      type: 'FieldValueNotSupported',
      field: 'fieldValidation',
      value: validation,
      detail: 'supported values: "Ignore", "Strict", "Warn"',
    };
    throw invalidError({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [error]);
  }
  const manager = query.get('fieldManager') ?? '';
  return {
    dryRun: readDryRun(query.getAll('dryRun')),
    fieldValidation: validation as 'Ignore' | 'Warn' | 'Strict',
    // Kubernetes takes the program's name from the User-Agent when nobody says who manages.
    fieldManager:
      manager === '' ? (userAgent ?? 'unknown').split('/')[0]?.slice(0, 128) || 'unknown' : manager,
    force: flag(query, 'force'),
    warn,
  };
}

/**
 * DeleteOptions come in the body, in the query, or not at all; the body wins.
 *
 * @throws ApiError 400 for a value of a wrong type, 422 for one that does not exist.
 */
export function parseDeleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = defined<Record<string, unknown>>({
    gracePeriodSeconds: integer(query, 'gracePeriodSeconds'),
    propagationPolicy: text(query, 'propagationPolicy'),
    orphanDependents: query.has('orphanDependents') ? flag(query, 'orphanDependents') : undefined,
    dryRun: query.has('dryRun') ? query.getAll('dryRun') : undefined,
  });
  const own = Object.entries(isObject(body) ? body : {}).filter(([, value]) => value !== null);
  return readDeleteOptions({ ...given, ...Object.fromEntries(own) });
}
