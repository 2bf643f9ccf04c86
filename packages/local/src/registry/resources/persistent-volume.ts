import { forbidden } from '@pgherd/kube/schema';
import type { Strategy } from '../definition.ts';
import { semanticEqual } from '../equal.ts';

const protection = 'kubernetes.io/pv-protection';
/** The parts of a PersistentVolume's spec that say where the data lies. */
const sources = ['hostPath', 'local', 'csi', 'nfs'];

export const persistentVolumeStrategy: Partial<Strategy> = {
  returnDeleted: true,
  prepareCreate: (object) => {
    object['status'] = { phase: 'Pending' };
    const { finalizers = [] } = object.metadata;
    if (!finalizers.includes(protection)) object.metadata.finalizers = [...finalizers, protection];
  },
  validateUpdate: (next, old) => {
    const now = (next['spec'] ?? {}) as Record<string, unknown>;
    const before = (old['spec'] ?? {}) as Record<string, unknown>;
    return sources.every((source) => semanticEqual(now[source], before[source]))
      ? []
      : [forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')];
  },
};
