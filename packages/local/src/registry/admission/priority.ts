import type { KubeObject, PriorityClass } from '@pgherd/kube/objects';
import type { Surroundings } from '../definition.ts';
import { forbidden } from '../errors.ts';
import { defaultClass, priorityClassStorage } from '../resources/priority-class.ts';

interface Spec {
  priorityClassName?: string;
  priority?: number;
  preemptionPolicy?: string;
}

/**
 * Gives a new pod the number behind its PriorityClass, or that of the default class.
 *
 * @throws ApiError 403 for a class that does not exist, and for a number that is not the class's.
 */
export function usePriorityClass(pod: KubeObject, around: Surroundings): void {
  const spec = (pod['spec'] ?? {}) as Spec;
  const found = spec.priorityClassName
    ? around.store.get(priorityClassStorage, '', spec.priorityClassName)
    : defaultClass(around);
  const refuse = (why: string): Error =>
    forbidden({ group: '', plural: 'pods' }, pod.metadata.name ?? '', why);
  if (spec.priorityClassName && !found) {
    throw refuse(`no PriorityClass with name ${spec.priorityClassName} was found`);
  }
  const used = found as unknown as PriorityClass | undefined;
  const priority = used?.value ?? 0;
  const policy = used?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.priority !== undefined && spec.priority !== priority) {
    throw refuse(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refuse(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  if (used?.metadata.name) spec.priorityClassName = used.metadata.name;
  pod['spec'] = { ...spec, priority, preemptionPolicy: policy };
}
