import { ApiError } from '../objects/api-error.ts';
import type { KubeObject } from '../objects/object.ts';
import { equalJson } from '../schema/list-types.ts';
import type { Schema } from '../schema/schema.ts';
import { mergeApplied, removeAbandoned } from './apply-merge.ts';
import { compare, fieldsOfConfig } from './compare.ts';
import { difference, equalSets, intersection, isEmpty, pathText, pathsOf, union } from './field-set.ts';
import type { Claim } from './managers.ts';
import { decodeManagers, encodeManagers, ownable, sameManager } from './managers.ts';
import { rootSchema } from './relations.ts';

export interface ApplyInput {
  /** The kind's schema; absent: deduced (objects by member, lists as a whole). */
  schema?: Schema | undefined;
  /** The object that stands; absent when apply creates it. */
  live?: KubeObject | undefined;
  /** What the manager wants, complete: what it leaves out it gives up. */
  config: KubeObject;
  /** Must not be empty. */
  manager: string;
  /** Take fields over from other managers instead of failing. */
  force?: boolean | undefined;
  /** RFC 3339, whole seconds, UTC. */
  time: string;
  /** Of the request, e.g. `status`. */
  subresource?: string | undefined;
  /** Paths that this request cannot write, e.g. `[['status']]`; they are owned by nobody through it. */
  ignore?: readonly (readonly string[])[] | undefined;
}

/**
 * Server-side apply: the live object with the configuration laid over it, without what the manager gave up and
 * nobody else holds, with managedFields brought up to date. Defaults and validation are the caller's business.
 * Throws 409 with one cause `FieldManagerConflict` for each field that another manager holds with another
 * value, 400 for a configuration that makes no sense. Applying the same again changes nothing, no time either.
 */
export function serverSideApply(input: ApplyInput): KubeObject {
  const { config, live, manager, time, subresource } = input;
  check(input);
  const schema = rootSchema(input.schema);
  const self: Omit<Claim, 'fields'> = {
    manager,
    operation: 'Apply',
    apiVersion: config.apiVersion ?? '',
    ...(subresource ? { subresource } : {}),
  };
  const claims = managersOf(live, schema, time);
  const last = claims.find((claim) => sameManager(claim, self));
  const others = claims.filter((claim) => claim !== last);
  const applied = fieldsOfConfig(schema, config);

  const base = live ?? { metadata: {} };
  let merged = mergeApplied(schema, base, config) as KubeObject;
  if (last) {
    const owned = others.reduce((all, claim) => union(all, claim.fields), applied);
    merged = removeAbandoned(schema, merged, last.fields, owned) as KubeObject;
  }
  const { added, modified, removed } = compare(schema, base, merged);
  const ignore = input.ignore ?? [];
  const changed = ownable(union(added, modified), ignore);
  const conflicts = others
    .map((claim) => ({ ...claim, fields: intersection(claim.fields, changed) }))
    .filter((claim) => !isEmpty(claim.fields));
  if (conflicts.length > 0 && !input.force) throw conflictError(conflicts);

  const remaining = others.map((claim) => ({
    ...claim,
    fields: difference(difference(claim.fields, changed), removed),
  }));
  const fields = ownable(applied, ignore);
  const nothingNew = last?.time !== undefined && equalSets(last.fields, fields) && equalJson(base, merged);
  const mine: Claim = { ...self, fields, time: nothingNew ? (last.time ?? time) : time };
  const managedFields = encodeManagers([...remaining, mine]);
  return { ...merged, metadata: { ...merged.metadata, managedFields } };
}

function check({ config, live, manager }: ApplyInput): void {
  const bad = (why: string): ApiError => new ApiError(400, 'BadRequest', why);
  if (manager === '') throw bad('fieldManager is required for apply patch');
  const sent: unknown = config.metadata?.managedFields;
  if (sent !== undefined && sent !== null) throw bad('metadata.managedFields must be nil');
  if (live && config.apiVersion !== live.apiVersion) {
    throw bad(
      'Incorrect version specified in apply patch. ' +
        `Specified patch version: ${config.apiVersion}, expected: ${live.apiVersion}`,
    );
  }
}

/** An object that nobody was recorded for belongs to a manager of before, so that apply finds its conflicts. */
function managersOf(live: KubeObject | undefined, schema: Schema, time: string): Claim[] {
  const claims = decodeManagers(live?.metadata.managedFields);
  if (!live || claims.length > 0) return claims;
  const fields = ownable(compare(schema, {}, live).added);
  const apiVersion = live.apiVersion ?? '';
  return [{ manager: 'before-first-apply', operation: 'Update', apiVersion, time, fields }];
}

function printed(claim: Claim): string {
  const subresource = claim.subresource ? ` with subresource ${JSON.stringify(claim.subresource)}` : '';
  const version = claim.operation === 'Update' ? ` using ${claim.apiVersion}` : '';
  return JSON.stringify(claim.manager) + subresource + version;
}

function conflictError(conflicts: readonly Claim[]): ApiError {
  const all = conflicts.flatMap((claim) =>
    pathsOf(claim.fields).map((path) => ({ by: printed(claim), field: pathText(path) })),
  );
  const [first] = all;
  const byManager = [...conflicts]
    .map((claim) => printed(claim))
    .sort()
    .flatMap((by) => [`conflicts with ${by}:`, ...all.filter((c) => c.by === by).map((c) => `- ${c.field}`)]);
  const message =
    all.length === 1 && first
      ? `Apply failed with 1 conflict: conflict with ${first.by}: ${first.field}`
      : `Apply failed with ${all.length} conflicts: ${byManager.join('\n')}`;
  return new ApiError(409, 'Conflict', message, {
    causes: all.map(({ by, field }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${by}`,
      field,
    })),
  });
}
