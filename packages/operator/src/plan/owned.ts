import type { KubeObject } from '@pgherd/kube/objects';
import { applyBuiltinDefaults } from '@pgherd/kube/schema';
import { fieldManager } from '../names.ts';
import type { FieldChange } from './field-change.ts';
import { elementByKeys, isObject, keyedSegment } from './list-keys.ts';
import { inheritedEntries, isLeftover } from './taken-over.ts';

/**
 * Appends every field that we own in `live` and that `desired` has no longer: by server-side apply, or inherited from
 * whoever wrote the object before, unless only a part of it is ours (`isPart`).
 * FieldsV1: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/#FieldsV1
 */
export function droppedFields(
  desired: KubeObject,
  live: KubeObject,
  changes: FieldChange[],
  isPart: boolean,
): void {
  for (const entry of live.metadata.managedFields ?? []) {
    if (entry.manager !== fieldManager || entry.operation !== 'Apply') continue;
    if (entry.subresource !== undefined && entry.subresource !== '') continue;
    walk(entry.fieldsV1 ?? {}, desired, live, [], changes);
  }
  const inherited = isPart ? [] : inheritedEntries(live);
  if (inherited.length === 0) return;
  const complete = withDefaults(desired);
  const left: FieldChange[] = [];
  for (const { fieldsV1 } of inherited) walk(fieldsV1 ?? {}, complete, live, [], left);
  const known = new Set(changes.map(({ path }) => path));
  changes.push(...left.filter(({ path }) => isLeftover(path) && !known.has(path)));
}

/** With what the API server would fill in: an Update owns that too. */
function withDefaults(desired: KubeObject): KubeObject {
  const complete = structuredClone(desired);
  applyBuiltinDefaults(complete);
  return complete;
}

/** What `fields` (FieldsV1) own in `live` and `desired` has no longer. */
export function leftFields(fields: object, desired: unknown, live: unknown): FieldChange[] {
  const changes: FieldChange[] = [];
  walk(fields, desired, live, [], changes);
  return changes;
}

function walk(fields: object, desired: unknown, live: unknown, path: string[], changes: FieldChange[]): void {
  for (const [key, children] of Object.entries(fields)) {
    const found = step(key, desired, live, path);
    if (found === undefined || found.live === undefined) continue;
    const isMap = ['labels', 'annotations'].includes(found.path.at(-1) ?? '');
    if (found.desired === undefined && !(isMap && isObject(children))) {
      changes.push({ path: found.path.join('.'), from: found.live, to: undefined });
    } else if (isObject(children)) {
      walk(children, found.desired, found.live, found.path, changes);
    }
  }
}

/** Follows one key of a FieldsV1 set in both objects; undefined for `.`, which is the element itself. */
function step(
  key: string,
  desired: unknown,
  live: unknown,
  path: string[],
): { desired: unknown; live: unknown; path: string[] } | undefined {
  if (key.startsWith('f:')) {
    const name = key.slice(2);
    return { desired: field(desired, name), live: field(live, name), path: [...path, name] };
  }
  if (key.startsWith('k:')) {
    const keys = JSON.parse(key.slice(2)) as Record<string, unknown>;
    return {
      desired: elementByKeys(desired, keys),
      live: elementByKeys(live, keys),
      path: [...path.slice(0, -1), keyedSegment(path.at(-1) ?? '', keys)],
    };
  }
  if (key.startsWith('v:')) {
    const value: unknown = JSON.parse(key.slice(2));
    const has = (list: unknown) => (Array.isArray(list) && list.includes(value) ? value : undefined);
    return { desired: has(desired), live: has(live), path };
  }
  return undefined;
}

function field(value: unknown, name: string): unknown {
  const found = isObject(value) ? value[name] : undefined;
  return found === null ? undefined : found;
}
