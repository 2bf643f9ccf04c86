import type { ManagedFieldsEntry } from '../objects/object.ts';
import type { FieldSet } from './field-set.ts';
import { fromFieldsV1, isEmpty, toFieldsV1, withoutPaths } from './field-set.ts';

/** One manager's claim, decoded. */
export interface Claim {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string;
  time?: string;
  fields: FieldSet;
}

/** Never owned by anybody: what identifies an object, and what only the server writes. */
const never = ['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'managedFields'];
never.push('resourceVersion', 'generateName', 'deletionTimestamp', 'deletionGracePeriodSeconds');
const neverOwned = [['apiVersion'], ['kind'], ...never.map((name) => ['metadata', name])];

/** The fields that a manager can own, without those in `ignore`. */
export function ownable(set: FieldSet, ignore: readonly (readonly string[])[] = []): FieldSet {
  return withoutPaths(set, [...neverOwned, ...ignore]);
}

/** Two claims are the same manager's: appliers whatever the version, updaters by version too. */
export function sameManager(a: Omit<Claim, 'fields'>, b: Omit<Claim, 'fields'>): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    (a.subresource ?? '') === (b.subresource ?? '') &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Claim[] {
  return (entries ?? []).map((entry) => ({
    manager: entry.manager ?? 'unknown',
    operation: entry.operation ?? 'Update',
    apiVersion: entry.apiVersion ?? '',
    ...(entry.subresource ? { subresource: entry.subresource } : {}),
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fields: fromFieldsV1(entry.fieldsV1),
  }));
}

/** Appliers first, then by time, then by name; managers that own nothing are left out. */
export function encodeManagers(claims: readonly Claim[]): ManagedFieldsEntry[] {
  const order = (claim: Claim): string[] => [
    claim.operation,
    claim.time ?? '',
    claim.manager,
    claim.apiVersion,
    claim.subresource ?? '',
  ];
  return claims
    .filter((claim) => !isEmpty(claim.fields))
    .sort((a, b) => {
      const [left, right] = [order(a), order(b)];
      const at = left.findIndex((text, index) => text !== right[index]);
      return at < 0 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
    })
    .map((claim) => ({
      manager: claim.manager,
      operation: claim.operation,
      apiVersion: claim.apiVersion,
      ...(claim.time === undefined ? {} : { time: claim.time }),
      fieldsType: 'FieldsV1' as const,
      fieldsV1: toFieldsV1(claim.fields),
      ...(claim.subresource === undefined ? {} : { subresource: claim.subresource }),
    }));
}
