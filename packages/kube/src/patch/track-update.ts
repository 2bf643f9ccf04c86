import type { KubeObject, ManagedFieldsEntry } from '../objects/object.ts';
import type { Schema } from '../schema/schema.ts';
import { isObject } from '../schema/schema.ts';
import { compare } from './compare.ts';
import { difference, emptySet, isEmpty, union } from './field-set.ts';
import { decodeManagers, encodeManagers, ownable, sameManager } from './managers.ts';
import { rootSchema } from './relations.ts';

/** A write that is not an apply: create, update, or another kind of patch. */
export interface UpdateInput {
  /** The kind's schema; absent: deduced (objects by member, lists as a whole). */
  schema?: Schema | undefined;
  /** The object before; absent when it is created. */
  before?: KubeObject | undefined;
  /** The object as it will be stored. Its managedFields count as a client may send them: `[]` resets. */
  after: KubeObject;
  manager: string;
  /** RFC 3339, whole seconds, UTC. */
  time: string;
  /** Of the request, e.g. `status`. */
  subresource?: string | undefined;
  /** Paths that this request cannot write, e.g. `[['status']]`; they are owned by nobody through it. */
  ignore?: readonly (readonly string[])[] | undefined;
}

/** The managedFields of the object after the write: the writer takes over whatever it changed. */
export function trackUpdate(input: UpdateInput): ManagedFieldsEntry[] {
  const { before, after, manager, time, subresource } = input;
  const sent = after.metadata.managedFields;
  const known =
    sent === undefined || sent === null ? before?.metadata.managedFields : reset(sent) ? [] : sent;
  const schema = rootSchema(input.schema);
  const changes = compare(schema, before ?? {}, after);
  const ignore = input.ignore ?? [];
  const changed = ownable(union(changes.added, changes.modified), ignore);
  const removed = ownable(changes.removed, ignore);
  const self = {
    manager,
    operation: 'Update' as const,
    apiVersion: after.apiVersion ?? '',
    ...(subresource ? { subresource } : {}),
  };
  const claims = decodeManagers(known);
  const own = claims.find((claim) => sameManager(claim, self));
  const others = claims
    .filter((claim) => claim !== own)
    .map((claim) => ({ ...claim, fields: difference(difference(claim.fields, changed), removed) }));
  const fields = union(difference(own?.fields ?? emptySet(), removed), changed);
  const touched = !isEmpty(changed) || !isEmpty(removed) || own?.time === undefined;
  return encodeManagers([...others, { ...self, fields, time: touched ? time : (own?.time ?? time) }]);
}

/** Clients forget all managers by sending an empty list, or one entry with nothing in it. */
function reset(entries: unknown[]): boolean {
  return (
    entries.length === 0 ||
    (entries.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0)
  );
}
