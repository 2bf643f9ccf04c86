import { ApiError } from '../objects/api-error.ts';
import type { KubeObject } from '../objects/object.ts';
import type { Schema } from '../schema/schema.ts';
import { isObject } from '../schema/schema.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { serverSideApply } from './server-side-apply.ts';
import { strategicMergePatch } from './strategic-merge.ts';

export interface PatchInput {
  /** The content type of the request. */
  type:
    | 'application/json-patch+json'
    | 'application/merge-patch+json'
    | 'application/strategic-merge-patch+json'
    | 'application/apply-patch+yaml';
  /** Must be given for a strategic merge patch; 415 for kinds without one is the caller's business. */
  schema?: Schema | undefined;
  /** Absent only for an apply that creates. */
  live?: KubeObject | undefined;
  /** The decoded body. */
  body: unknown;
  manager: string;
  force?: boolean | undefined;
  /** RFC 3339, whole seconds, UTC. */
  time: string;
  subresource?: string | undefined;
  ignore?: readonly (readonly string[])[] | undefined;
}

/**
 * The patched object; `live` stays as it is. After an apply managedFields are up to date; after the others
 * `trackUpdate` brings them up to date once defaults are filled in.
 */
export function applyPatch(input: PatchInput): KubeObject {
  const { body, live, type } = input;
  if (type === 'application/apply-patch+yaml') {
    if (!isObject(body)) throw new ApiError(400, 'BadRequest', 'apply: the configuration must be an object');
    const config = { metadata: {}, ...body } as KubeObject;
    return serverSideApply({ ...input, config });
  }
  if (!live) throw new ApiError(404, 'NotFound', `${type}: there is no object to patch`);
  const patched = patchLive(input, live);
  if (!isObject(patched) || !isObject(patched['metadata']))
    throw new ApiError(422, 'Invalid', 'the patch leaves no object with metadata');
  return patched as KubeObject;
}

function patchLive({ type, body, schema }: PatchInput, live: KubeObject): unknown {
  if (type === 'application/json-patch+json') return jsonPatch(live, body);
  if (type === 'application/merge-patch+json') {
    if (!isObject(body)) throw new ApiError(400, 'BadRequest', 'a merge patch must be an object');
    return mergePatch(live, body);
  }
  return strategicMergePatch(schema ?? {}, live, body);
}
