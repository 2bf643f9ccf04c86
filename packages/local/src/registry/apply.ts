import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import type { ResourceDefinition } from './definition.ts';
import type { Kernel } from './kernel.ts';
import type { WriteOptions } from './registry.ts';

/** Server-side apply: creates what does not exist, otherwise merges by field ownership. */
export function apply(
  _kernel: Kernel,
  _definition: ResourceDefinition,
  _namespace: string | undefined,
  _name: string,
  _body: unknown,
  _options: WriteOptions,
): KubeObject {
  throw new ApiError(501, 'NotImplemented', 'server-side apply is not served yet');
}
