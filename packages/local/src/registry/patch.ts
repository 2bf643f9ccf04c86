import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import type { ResourceDefinition } from './definition.ts';
import type { Kernel } from './kernel.ts';
import type { PatchType, WriteOptions } from './registry.ts';

export function patch(
  _kernel: Kernel,
  _definition: ResourceDefinition,
  _namespace: string | undefined,
  _name: string,
  _type: PatchType,
  _body: unknown,
  _options: WriteOptions,
): KubeObject {
  throw new ApiError(501, 'NotImplemented', 'patches follow with @pgherd/kube/patch');
}
