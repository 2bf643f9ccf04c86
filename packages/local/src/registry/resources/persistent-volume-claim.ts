import { quantityNumber, type KubeObject } from '@pgherd/kube/objects';
import { forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';
import type { Strategy, Surroundings } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { forbidden as refuseAdmission } from '../errors.ts';

interface Spec {
  accessModes?: string[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  volumeName?: string;
  storageClassName?: string;
  volumeMode?: string;
  [field: string]: unknown;
}

const protection = 'kubernetes.io/pvc-protection';
const modes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];
const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';

const specOf = (object: KubeObject): Spec => (object['spec'] ?? {}) as Spec;

export const persistentVolumeClaimStrategy: Partial<Strategy> = {
  returnDeleted: true,
  prepareCreate: (object) => {
    object['status'] = { phase: 'Pending' };
    const { finalizers = [] } = object.metadata;
    if (!finalizers.includes(protection)) object.metadata.finalizers = [...finalizers, protection];
  },
  admitCreate: (object, around) => {
    const spec = specOf(object);
    if (
      spec.storageClassName !== undefined ||
      object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class']
    )
      return;
    const name = defaultClass(around);
    if (name !== undefined) object['spec'] = { ...spec, storageClassName: name };
  },
  admitUpdate: (next, old, around) => {
    if (!grows(next, old)) return;
    const name = specOf(old).storageClassName ?? '';
    const storageClass = around.store.get('storage.k8s.io/storageclasses', '', name);
    if (storageClass?.['allowVolumeExpansion'] === true) return;
    throw refuseAdmission(
      { group: '', plural: 'persistentvolumeclaims' },
      old.metadata.name ?? '',
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
  validate,
  validateUpdate,
};

/** The newest of the classes that are marked as default. */
function defaultClass(around: Surroundings): string | undefined {
  const marked = around.store
    .list('storage.k8s.io/storageclasses')
    .filter((c) => c.metadata.annotations?.[defaultClassAnnotation] === 'true')
    .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1));
  return marked[0]?.metadata.name;
}

function storageOf(object: KubeObject): number | undefined {
  const text = specOf(object).resources?.requests?.['storage'];
  return text === undefined ? undefined : quantityNumber(text);
}

function grows(next: KubeObject, old: KubeObject): boolean {
  return (storageOf(next) ?? 0) > (storageOf(old) ?? 0);
}

function validate(object: KubeObject): FieldError[] {
  const spec = specOf(object);
  const errors: FieldError[] = [];
  if ((spec.accessModes ?? []).length === 0) {
    errors.push(required('spec.accessModes', 'at least 1 access mode is required'));
  }
  for (const mode of spec.accessModes ?? []) {
    if (!modes.includes(mode)) errors.push(notSupported('spec.accessModes', mode, modes));
  }
  if (spec.volumeMode === 'Block') {
    errors.push(notSupported('spec.volumeMode', 'Block', ['Filesystem']));
  }
  const storage = spec.resources?.requests?.['storage'];
  if (storage === undefined) errors.push(required('spec.resources[storage]'));
  else if ((quantityNumber(storage) ?? 0) <= 0) {
    errors.push(invalid('spec.resources[storage]', storage, 'must be greater than zero'));
  }
  return errors;
}

function validateUpdate(next: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const now = comparable(next);
  const before = comparable(old);
  // The binder sets the volume's name once, and the class of a claim that had none may be filled in.
  if (before.volumeName === undefined) delete now.volumeName;
  if (before.storageClassName === undefined) delete now.storageClassName;
  if (!semanticEqual(now, before)) {
    errors.push(
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  }
  const phase = ((old['status'] ?? {}) as { phase?: string }).phase;
  const size = storageOf(next) ?? 0;
  const was = storageOf(old) ?? 0;
  if (size > was && phase !== 'Bound') {
    errors.push(
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  }
  if (size < was) {
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than previous value'));
  }
  return errors;
}

function comparable(object: KubeObject): Spec {
  const spec = structuredClone(specOf(object));
  if (spec.resources?.requests) delete spec.resources.requests['storage'];
  return spec;
}
