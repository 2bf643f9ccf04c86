import { clusterManifest } from '../support/manifests.ts';
import { withClock } from './faults/volumes.ts';

/** A synchronous cluster of three members, on volumes that can be full, with clocks that can be wrong. */
export function chaosManifest(name: string): Record<string, unknown> {
  const manifest = clusterManifest({ name, instances: 3, synchronous: true });
  const spec = manifest['spec'] as object;
  return withClock({ ...manifest, spec: { ...spec, volume: { size: '2Gi', storageClass: 'sized' } } });
}
