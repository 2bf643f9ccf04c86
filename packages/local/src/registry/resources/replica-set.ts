import { invalid, type FieldError } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Strategy } from '../definition.ts';
import { negativeErrors, selectorChange, workloadErrors } from '../validation/workload.ts';

const counts = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;

type Status = Partial<Record<(typeof counts)[number], number>>;

export const replicaSetStrategy: Partial<Strategy> = {
  generation: true,
  prepareCreate: (object) => {
    object['status'] = { replicas: 0 };
  },
  validate: workloadErrors,
  validateUpdate: selectorChange,
  validateStatus,
};

function validateStatus(next: KubeObject): FieldError[] {
  const status = (next['status'] ?? {}) as Status;
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const errors = negativeErrors(status, 'status', [...counts, 'observedGeneration']);
  for (const field of counts) {
    const value = status[field] ?? 0;
    if (value > replicas)
      errors.push(invalid(`status.${field}`, value, 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    errors.push(
      invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'),
    );
  }
  return errors;
}
