import { isDeepStrictEqual } from 'node:util';
import { parseQuantity } from '@pgherd/api';
import { localAnnotation } from '../names.ts';
import type { FieldChange } from './field-change.ts';
import { elementByKeys, isObject, keyedSegment, listKeys } from './list-keys.ts';

/**
 * Appends to `changes` every field of `desired` that `live` has otherwise. Only what is in `desired` is looked at:
 * defaults of the API server and fields of others are not ours.
 */
export function compareFields(desired: unknown, live: unknown, path: string[], changes: FieldChange[]): void {
  if (desired === undefined || desired === null) return;
  if (isEmpty(desired) && (live === undefined || live === null || isEmpty(live))) return;
  const isMap = live === undefined && ['labels', 'annotations'].includes(path.at(-1) ?? '');
  if (isMap) return compareFields(desired, {}, path, changes);
  if (isObject(desired) && isObject(live)) {
    for (const key of Object.keys(desired)) compareFields(desired[key], live[key], [...path, key], changes);
    return;
  }
  if (Array.isArray(desired) && Array.isArray(live)) {
    compareLists(desired, live, path, changes);
    return;
  }
  const field = path.at(-1) ?? '';
  if (live === undefined && (absentMeans[field] === desired || isLeftOut(desired, path))) return;
  if (live !== undefined && (desired === '' || desired === 0) && emptyMeans[field] === live) return;
  if (field === 'value' || field === localAnnotation) {
    const [wanted, has] = [jsonObject(desired), jsonObject(live)];
    if (wanted !== undefined && has !== undefined) {
      compareJson(wanted, has, path, changes);
      return;
    }
  }
  if (!sameScalar(desired, live, path)) changes.push({ path: path.join('.'), from: live, to: desired });
}

/** What it means that a field is not there, where the API server does not write it in. */
const absentMeans: Record<string, unknown> = {
  allowPrivilegeEscalation: true,
  privileged: false,
  readOnlyRootFilesystem: false,
};

/** What the API server writes for an empty text or zero of a container or probe. */
const emptyMeans: Record<string, unknown> = {
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
  scheme: 'HTTP',
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

/** Members of these have any names, and an empty text is a value like others. */
const maps = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector', 'data', 'stringData']);

/** `false` and `0` of these fields are what it means that they are not there. */
const zeroIsNone = new Set([
  'readOnly',
  'stdin',
  'stdinOnce',
  'tty',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'publishNotReadyAddresses',
  'initialDelaySeconds',
  'hostPort',
  'nodePort',
  'healthCheckNodePort',
]);

/**
 * Kubernetes stores no empty texts, `false` and `0` of fields that have no other way to be absent (`omitempty` without a
 * pointer, in its Go types): however often they are written, they are not there. An empty storage class is told apart
 * from none.
 */
function isLeftOut(desired: unknown, path: string[]): boolean {
  const field = path.at(-1) ?? '';
  if (desired === '') return field !== 'storageClassName' && !maps.has(path.at(-2) ?? '');
  return (desired === false || desired === 0) && zeroIsNone.has(field);
}

function compareLists(desired: unknown[], live: unknown[], path: string[], changes: FieldChange[]): void {
  const keys = listKeys(path);
  if (keys === undefined) {
    changes.push(...atomicChanges(desired, live, path));
    return;
  }
  for (const element of desired) {
    if (!isObject(element)) continue;
    const values = Object.fromEntries(keys.map((key) => [key, element[key]]));
    const segment = keyedSegment(path.at(-1) ?? '', values);
    compareFields(element, elementByKeys(live, values), [...path.slice(0, -1), segment], changes);
  }
}

/** Requirements that all hold or do not: their order says nothing, and Zalando's operator writes any. */
const unordered = new Set(['matchExpressions', 'matchFields']);

/** What differs in an atomic list: inside its elements, where there are as many objects as before, or all of it. */
function atomicChanges(desired: unknown[], live: unknown[], path: string[]): FieldChange[] {
  if (sameAtomic(desired, live, path)) return [];
  const field = path.at(-1) ?? '';
  if (unordered.has(field) || desired.length !== live.length || ![...desired, ...live].every(isObject)) {
    return [{ path: path.join('.'), from: live, to: desired }];
  }
  const changes: FieldChange[] = [];
  for (const [index, element] of desired.entries()) {
    compareFields(element, live[index], [...path.slice(0, -1), `${field}[${index}]`], changes);
  }
  return changes;
}

/** An atomic list is equal when it has as many elements and each has all that we want of it. */
function sameAtomic(desired: unknown[], live: unknown[], path: string[]): boolean {
  if (desired.length !== live.length) return false;
  const isSame = (element: unknown, other: unknown, index: number) => {
    const differences: FieldChange[] = [];
    compareFields(element, other, [...path, String(index)], differences);
    return differences.length === 0;
  };
  if (unordered.has(path.at(-1) ?? ''))
    return desired.every((element, index) => live.some((other) => isSame(element, other, index)));
  return desired.every((element, index) => isSame(element, live[index], index));
}

const quantityParents = /^(requests|limits|capacity)$/;

function sameScalar(desired: unknown, live: unknown, path: string[]): boolean {
  if (isDeepStrictEqual(desired, live)) return true;
  if (typeof desired !== 'string' && typeof desired !== 'number') return false;
  if (typeof live !== 'string' && typeof live !== 'number') return false;
  if (quantityParents.test(path.at(-2) ?? '') || path.at(-1) === 'sizeLimit') {
    return sameQuantity(String(desired), String(live));
  }
  return false;
}

/** Two quantities are the same amount, however they are written: `1000m` is `1`. */
function sameQuantity(one: string, other: string): boolean {
  const a = parseQuantity(one);
  const b = parseQuantity(other);
  if (a === undefined || b === undefined) return false;
  // Decimal suffixes are not exact in binary floating point.
  return Math.abs(a - b) <= Math.max(a, b) * 1e-12;
}

/** The value of a variable that is a JSON object: another program may have written it with its own order of keys. */
function jsonObject(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'string' || !value.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Inside such a value everything is ours: what is there and not wanted differs too. */
function compareJson(desired: unknown, live: unknown, path: string[], changes: FieldChange[]): void {
  if (isDeepStrictEqual(desired, live)) return;
  if (!isObject(desired) || !isObject(live)) {
    changes.push({ path: path.join('.'), from: live, to: desired });
    return;
  }
  for (const key of new Set([...Object.keys(desired), ...Object.keys(live)])) {
    compareJson(desired[key], live[key], [...path, key], changes);
  }
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
