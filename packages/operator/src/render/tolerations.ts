import type { Toleration } from '@pgherd/kube/objects';
import type { RenderInput } from './input.ts';

/** Tolerations of every pod of the cluster: the manifest's, or else the operator's single one. */
export function tolerationsOf(input: RenderInput): Toleration[] {
  const { manifest, configuration } = input;
  const own = manifest.spec.tolerations ?? [];
  if (own.length > 0) return own;
  return Object.keys(configuration.toleration).length > 0 ? [{ ...configuration.toleration }] : [];
}
