import { invalidError, isObject, type FieldError } from '@pgherd/kube/schema';
import { badRequest } from './errors.ts';
import type { DeleteOptions } from './registry.ts';

const policies = ['Orphan', 'Background', 'Foreground'] as const;

/**
 * Reads `DeleteOptions` as they stand in a body (of a deletion, or within an eviction).
 *
 * @throws ApiError 400 for a value of a wrong type, 422 for one that does not exist.
 */
export function readDeleteOptions(given: Record<string, unknown>): DeleteOptions {
  const options: DeleteOptions = {};
  const grace = given['gracePeriodSeconds'] ?? undefined;
  if (grace !== undefined) {
    if (!Number.isSafeInteger(grace)) {
      throw badRequest(`gracePeriodSeconds: expected a whole number, got ${JSON.stringify(grace)}`);
    }
    options.gracePeriodSeconds = grace as number;
  }
  const policy = policyOf(given);
  if (policy !== undefined) options.propagationPolicy = policy;
  const preconditions = preconditionsOf(given['preconditions'] ?? undefined);
  if (preconditions) options.preconditions = preconditions;
  return { ...options, dryRun: readDryRun(given['dryRun'] ?? []) };
}

/** `dryRun: [All]`; an empty list is none. */
export function readDryRun(given: unknown): boolean {
  if (!Array.isArray(given)) throw badRequest(`dryRun: expected a list, got ${JSON.stringify(given)}`);
  if (given.every((value) => value === 'All')) return given.length > 0;
  const error: FieldError = {
    type: 'FieldValueNotSupported',
    field: 'dryRun',
    value: given,
    detail: 'supported values: "All"',
  };
  throw invalidError({ group: 'meta.k8s.io', kind: 'Options' }, '', [error]);
}

function policyOf(given: Record<string, unknown>): DeleteOptions['propagationPolicy'] {
  const value = given['propagationPolicy'] ?? undefined;
  if (value === undefined) {
    const orphan = given['orphanDependents'];
    return typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : undefined;
  }
  const policy = policies.find((known) => known === value);
  if (policy) return policy;
  const error: FieldError = {
    type: 'FieldValueInvalid',
    field: 'propagationPolicy',
    value,
    detail: 'must be one of Background, Foreground, Orphan',
  };
  throw invalidError({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [error]);
}

function preconditionsOf(given: unknown): DeleteOptions['preconditions'] {
  if (given === undefined) return undefined;
  const { uid, resourceVersion }: Record<string, unknown> = isObject(given) ? given : {};
  const isText = (value: unknown): boolean => value == null || typeof value === 'string';
  if (!isObject(given) || !isText(uid) || !isText(resourceVersion)) {
    throw badRequest('preconditions: expected an object with the texts uid and resourceVersion');
  }
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}
