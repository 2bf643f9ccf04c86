import { serverSideApply } from '@pgherd/kube/patch';
import type { KubeObject } from '@pgherd/kube/objects';
import { createDecoded, placeInNamespace } from './create.ts';
import { decode, schemaOf } from './decode.ts';
import type { ResourceDefinition } from './definition.ts';
import { badRequest, notFound } from './errors.ts';
import { timestamp, type Kernel } from './kernel.ts';
import { ignoredFields } from './managed-fields.ts';
import { read, readOrThrow } from './read.ts';
import type { WriteOptions } from './registry.ts';
import { applyScale } from './subresources.ts';
import { replace } from './update.ts';

/** Server-side apply: creates what does not exist, otherwise merges by field ownership. */
export function apply(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  body: unknown,
  options: WriteOptions,
): KubeObject {
  const { subresource } = options;
  const { fieldManager } = options;
  if (!fieldManager) throw badRequest('fieldManager is required for apply patch');
  if (subresource === 'scale') {
    const old = readOrThrow(kernel, definition, namespace, name);
    return applyScale(kernel, definition, old, body, { ...options, fieldManager });
  }
  const config = decode(definition, body, options, { defaults: false });
  placeInNamespace(definition, namespace, config);
  config.metadata.name ??= name;
  if (config.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${config.metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  const live = read(kernel, definition, namespace, name);
  if (!live && subresource !== undefined) throw notFound(definition, name);
  if (!live && config.metadata.uid) throw notFound(definition, name);
  const merged = serverSideApply({
    schema: schemaOf(definition),
    live,
    config,
    manager: fieldManager,
    force: options.force,
    time: timestamp(kernel.clock.now()),
    subresource,
    ignore: ignoredFields(definition, subresource),
  });
  // Unknown fields were reported with the configuration.
  const next = decode(definition, merged, { ...options, fieldValidation: 'Ignore' });
  const managed = (): void => {};
  return live
    ? replace(kernel, definition, live, next, options, managed)
    : createDecoded(kernel, definition, namespace, next, options, managed);
}
