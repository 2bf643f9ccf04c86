import type { KubeObject, PriorityClass } from '@pgherd/kube/objects';
import { forbidden as forbiddenField, invalid, notSupported, type FieldError } from '@pgherd/kube/schema';
import type { Strategy, Surroundings } from '../definition.ts';
import { forbidden } from '../errors.ts';

/** Key of the kind in the store. */
export const priorityClassStorage = 'scheduling.k8s.io/priorityclasses';

const ref = { group: 'scheduling.k8s.io', plural: 'priorityclasses' };
const highestOfUsers = 1_000_000_000;
const policies = ['PreemptLowerPriority', 'Never'];

/** The classes that every cluster has; nobody else may use their prefix. */
export const systemPriorityClasses: readonly Pick<PriorityClass, 'metadata' | 'value' | 'description'>[] = [
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];

const asClass = (object: KubeObject): PriorityClass => object as unknown as PriorityClass;

/** https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#priorityclass */
export const priorityClassStrategy: Partial<Strategy> = {
  generation: true,
  validate: (object) => {
    const { metadata, value, preemptionPolicy } = asClass(object);
    const errors = valueErrors(metadata.name ?? '', value);
    if (preemptionPolicy !== undefined && !policies.includes(preemptionPolicy)) {
      errors.push(notSupported('preemptionPolicy', preemptionPolicy, policies));
    }
    return errors;
  },
  validateUpdate: (next, old) => {
    const now = asClass(next);
    const before = asClass(old);
    const errors: FieldError[] = [];
    if (now.value !== before.value) errors.push(forbiddenField('value', 'may not be changed in an update.'));
    if (now.preemptionPolicy !== before.preemptionPolicy) {
      errors.push(invalid('preemptionPolicy', now.preemptionPolicy, 'field is immutable'));
    }
    return errors;
  },
  admitCreate: oneDefault,
  admitUpdate: (next, old, around) => {
    if (asClass(next).globalDefault !== asClass(old).globalDefault) oneDefault(next, around);
  },
};

function valueErrors(name: string, value: number): FieldError[] {
  if (name.startsWith('system-')) {
    const known = systemPriorityClasses.find((each) => each.metadata.name === name);
    if (known?.value === value) return [];
    const what = known
      ? `value of ${name} PriorityClass must be ${known.value}`
      : `${name} is not a known system priority class`;
    const why = `priority class names with 'system-' prefix are reserved for system use only. error: ${what}`;
    return [forbiddenField('metadata.name', why)];
  }
  if (value <= highestOfUsers) return [];
  return [forbiddenField('value', `maximum allowed value of a user defined priority is ${highestOfUsers}`)];
}

/** There is at most one class for pods that name none. */
function oneDefault(object: KubeObject, around: Surroundings): void {
  if (asClass(object).globalDefault !== true) return;
  const name = object.metadata.name ?? '';
  const other = defaultClass(around);
  if (!other || other.metadata.name === name) return;
  const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
  throw forbidden(ref, name, why);
}

/** The class of pods that name none: of several (an old cluster) the one with the lowest value. */
export function defaultClass({ store }: Pick<Surroundings, 'store'>): PriorityClass | undefined {
  const marked = store
    .list(priorityClassStorage)
    .map(asClass)
    .filter((each) => each.globalDefault === true);
  return marked.sort((a, b) => a.value - b.value)[0];
}
