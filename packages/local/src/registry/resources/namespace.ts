import type { KubeObject } from '@pgherd/kube/objects';
import type { Strategy } from '../definition.ts';
import { forbidden } from '../errors.ts';

interface Spec {
  finalizers?: string[];
}

const builtin = new Set(['default', 'kube-system', 'kube-public']);

function phase(object: KubeObject): string {
  const status = (object['status'] ?? {}) as { phase?: string };
  return status.phase ?? '';
}

export const namespaceStrategy: Partial<Strategy> = {
  nameRule: 'label',
  fields: (object) => ({ name: object.metadata.name ?? '', 'status.phase': phase(object) }),
  prepareCreate: (object) => {
    object['status'] = { phase: 'Active' };
    const spec = (object['spec'] ?? {}) as Spec;
    const finalizers = new Set([...(spec.finalizers ?? []), 'kubernetes']);
    object['spec'] = { ...spec, finalizers: [...finalizers] };
    label(object);
  },
  prepareUpdate: (next, old) => {
    // Only the subresource `finalize` changes these.
    next['spec'] = {
      ...(next['spec'] as object | undefined),
      finalizers: (old['spec'] as Spec | undefined)?.finalizers ?? [],
    };
    label(next);
  },
  admitDelete: (object) => {
    const name = object.metadata.name ?? '';
    if (builtin.has(name)) {
      throw forbidden({ group: '', plural: 'namespaces' }, name, 'this namespace may not be deleted');
    }
  },
  prepareDelete: (object) => {
    object['status'] = { ...(object['status'] as object | undefined), phase: 'Terminating' };
  },
  heldBack: (object) => ((object['spec'] as Spec | undefined)?.finalizers ?? []).length > 0,
};

/** Selectors over namespaces rely on this label. */
function label(object: KubeObject): void {
  object.metadata.labels = {
    ...object.metadata.labels,
    'kubernetes.io/metadata.name': object.metadata.name ?? '',
  };
}
