import { forbidden, invalid, notSupported, type FieldError } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Strategy } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { negativeErrors, selectorChange, specOf, workloadErrors } from '../validation/workload.ts';

type Amount = number | string;

interface Rollout {
  type?: string;
  rollingUpdate?: { maxSurge?: Amount; maxUnavailable?: Amount };
}

interface Status {
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  collisionCount?: number;
}

export const deploymentStrategy: Partial<Strategy> = {
  generation: true,
  prepareCreate: (object) => {
    object['status'] = {};
  },
  prepareUpdate: (next, old) => {
    // Annotations are copied to the ReplicaSets, so a change of theirs is one that the controller has to see.
    if (!semanticEqual(next.metadata.annotations ?? {}, old.metadata.annotations ?? {})) {
      next.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
  },
  validate: (object) => {
    const spec = specOf(object);
    const { minReadySeconds = 0 } = spec;
    const { progressDeadlineSeconds: deadline } = spec as { progressDeadlineSeconds?: number };
    const errors = workloadErrors(object);
    errors.push(...negativeErrors(spec, 'spec', ['revisionHistoryLimit', 'progressDeadlineSeconds']));
    if (deadline !== undefined && deadline <= minReadySeconds) {
      const why = 'must be greater than minReadySeconds';
      errors.push(invalid('spec.progressDeadlineSeconds', deadline, why));
    }
    return [...errors, ...strategyErrors(spec['strategy'] ?? {})];
  },
  validateUpdate: selectorChange,
  validateStatus,
};

function strategyErrors({ type, rollingUpdate }: Rollout): FieldError[] {
  if (type === 'Recreate') {
    if (!rollingUpdate) return [];
    const why = "may not be specified when strategy `type` is 'Recreate'";
    return [forbidden('spec.strategy.rollingUpdate', why)];
  }
  if (type !== 'RollingUpdate')
    return [notSupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate'])];
  const path = 'spec.strategy.rollingUpdate';
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {};
  const errors = [
    ...amountErrors(`${path}.maxUnavailable`, maxUnavailable),
    ...amountErrors(`${path}.maxSurge`, maxSurge),
  ];
  if (errors.length > 0) return errors;
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  if (typeof maxUnavailable === 'string' && Number.parseInt(maxUnavailable, 10) > 100) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'must not be more than 100%'));
  }
  return errors;
}

/** A number of pods or a percentage of them. */
function amountErrors(field: string, amount: Amount | undefined): FieldError[] {
  if (typeof amount === 'number' && amount < 0) {
    return [invalid(field, amount, 'must be greater than or equal to 0')];
  }
  if (typeof amount === 'string' && !/^[0-9]+%$/.test(amount)) {
    const why =
      "a valid percent string must be a numeric value followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    return [invalid(field, amount, why)];
  }
  return [];
}

function isZero(amount: Amount | undefined): boolean {
  return Number.parseInt(String(amount ?? 0), 10) === 0;
}

function validateStatus(next: KubeObject, old: KubeObject): FieldError[] {
  const status = (next['status'] ?? {}) as Status;
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, collisionCount = 0 } = status;
  const counts = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
  const errors = negativeErrors(status, 'status', [
    'observedGeneration',
    'replicas',
    ...counts,
    'unavailableReplicas',
    'collisionCount',
  ]);
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
  const { collisionCount: before = 0 } = (old['status'] ?? {}) as Status;
  if (collisionCount < before) {
    errors.push(invalid('status.collisionCount', collisionCount, 'cannot be decremented'));
  }
  return errors;
}
