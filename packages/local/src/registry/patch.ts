import type { KubeObject } from '@pgherd/kube/objects';
import { jsonPatch, mergePatch, strategicMergePatch } from '@pgherd/kube/patch';
import { isObject } from '@pgherd/kube/schema';
import { apply } from './apply.ts';
import { decode, schemaOf } from './decode.ts';
import type { ResourceDefinition } from './definition.ts';
import { badRequest, methodNotAllowed, notServed } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { readOrThrow } from './read.ts';
import type { PatchType, WriteOptions } from './registry.ts';
import { scaleOf, writeScale } from './subresources.ts';
import { replace } from './update.ts';

/**
 * Patches an object, its `status` or its `scale`. There is one writer, so nothing can come between reading and
 * writing: without a resourceVersion in the patch there is never a conflict.
 */
export function patch(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  type: PatchType,
  body: unknown,
  options: WriteOptions,
): KubeObject {
  const { subresource } = options;
  if (subresource !== undefined && !definition.subresources.includes(subresource)) throw notServed();
  if (subresource !== undefined && subresource !== 'status' && subresource !== 'scale') {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  if (type === 'application/apply-patch+yaml') {
    return apply(kernel, definition, namespace, name, body, options);
  }
  const old = readOrThrow(kernel, definition, namespace, name);
  if (subresource === 'scale') {
    return writeScale(kernel, definition, old, patched(definition, scaleOf(old), type, body), options);
  }
  const result = patched(definition, old, type, body);
  const next = decode(definition, result, options);
  if (next.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${next.metadata.name ?? ''}) does not match the name on the URL (${name})`,
    );
  }
  return replace(kernel, definition, old, next, options);
}

function patched(
  definition: ResourceDefinition,
  live: KubeObject,
  type: PatchType,
  body: unknown,
): KubeObject {
  const result = compute(definition, live, type, body);
  if (!isObject(result) || !isObject(result['metadata'])) {
    throw badRequest('the patch leaves no object with metadata');
  }
  return result as KubeObject;
}

function compute(definition: ResourceDefinition, live: KubeObject, type: PatchType, body: unknown): unknown {
  if (type === 'application/json-patch+json') return jsonPatch(live, body);
  if (!isObject(body)) throw badRequest('the patch is not an object');
  if (type === 'application/merge-patch+json') return mergePatch(live, body);
  return strategicMergePatch(schemaOf(definition) ?? {}, live, body);
}
