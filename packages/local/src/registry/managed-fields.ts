import { trackUpdate } from '@pgherd/kube/patch';
import type { KubeObject } from '@pgherd/kube/objects';
import { schemaOf } from './decode.ts';
import type { ResourceDefinition } from './definition.ts';
import { timestamp, type Kernel } from './kernel.ts';
import type { WriteOptions } from './registry.ts';

/** Who writes, when the request does not say. */
export function managerOf(options: WriteOptions): string {
  return options.fieldManager || options.user?.name || 'pgherd';
}

/** Fields that a request to the object, or to its `status`, cannot write, and so nobody owns through it. */
export function ignoredFields(definition: ResourceDefinition, subresource: string | undefined): string[][] {
  if (subresource === 'status') {
    const others = definition.custom ? [['metadata']] : [];
    return [['spec'], ...others];
  }
  return definition.subresources.includes('status') ? [['status']] : [];
}

/** Records a create, update or patch in `object.metadata.managedFields`. */
export function recordUpdate(
  kernel: Kernel,
  definition: ResourceDefinition,
  object: KubeObject,
  old: KubeObject | undefined,
  options: WriteOptions,
): void {
  const entries = trackUpdate({
    schema: schemaOf(definition),
    before: old,
    after: object,
    manager: managerOf(options),
    time: timestamp(kernel.clock.now()),
    subresource: options.subresource,
    ignore: ignoredFields(definition, options.subresource),
  });
  if (entries.length > 0) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}
