import type { KubeObject } from '@pgherd/kube/objects';
import type { ResourceDefinition } from './definition.ts';
import type { Kernel } from './kernel.ts';
import type { WriteOptions } from './registry.ts';

/** Records a create, update or patch in `object.metadata.managedFields`. */
export function recordUpdate(
  _kernel: Kernel,
  _definition: ResourceDefinition,
  _object: KubeObject,
  _old: KubeObject | undefined,
  _options: WriteOptions,
): void {}

/** The object with the times of its managers cut out, for telling a write that changes nothing. */
export function withoutTimes(object: KubeObject): KubeObject {
  const { managedFields } = object.metadata;
  if (!managedFields) return object;
  const entries = managedFields.map(({ time: _time, ...entry }) => entry);
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
}
