import type { StatefulSet } from '@pgherd/kube/objects';
import { describe, kinds, type Desired } from '../kinds.ts';
import { find, type Observed } from '../observe/observed.ts';
import { fieldChanges, printChange, type FieldChange } from './field-change.ts';
import { applyTo, makeAgain, waiting } from './objects.ts';
import { podMetadataSteps } from './pod-metadata.ts';
import { isForPassword, outdatedMembers, planRollout, type Outdated } from './rollout.ts';
import { scaleDownSteps } from './scale-down.ts';
import type { Step } from './step.ts';

/** What the configuration says about pods. */
export interface PodOptions {
  /** Annotations that are no difference, `ignored_annotations`. */
  ignoredAnnotations: readonly string[];
  /** Whether a new image waits until pods are replaced for another reason, `enable_lazy_spilo_upgrade`. */
  isLazy: boolean;
  /** PostgreSQL may not have the passwords of the Secrets yet: a pod that starts now might not get in. */
  awaitsPasswords?: boolean;
}

/** Everything about the existing StatefulSet and its pods: changes, scaling, replacement of outdated pods. */
export function planPods(desired: Desired | undefined, observed: Observed, options: PodOptions): Step[] {
  if (desired === undefined) return [];
  const live = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
  if (live === undefined) return [];
  if (live.metadata.deletionTimestamp !== undefined) return [makeAgain(desired)];
  const changes = fieldChanges(desired.object, live, options);
  // What the pods should be is not known yet, so those that run are good enough.
  if (desired.waitFor !== undefined && changes.length > 0) {
    const steps = statefulSetSteps(desired, live, changes, observed);
    return steps.slice(0, 1).map((step) => waiting(desired, step));
  }
  const statefulSet = desired.object as StatefulSet;
  const outdated = outdatedMembers(statefulSet, live, changes, observed, options.isLazy);
  const current = observed.members.filter(
    (member) =>
      member.ordinal < (statefulSet.spec?.replicas ?? 0) &&
      !outdated.some((entry) => entry.member === member),
  );
  return [
    ...statefulSetSteps(desired, live, changes, observed),
    ...podMetadataSteps(statefulSet.spec?.template ?? {}, observed, current, options.ignoredAnnotations),
    ...awaiting(planRollout(statefulSet, live, changes, observed, outdated), outdated, options),
  ];
}

/** Pods that are only replaced for a new password wait until PostgreSQL has it; others are replaced whatever it has. */
function awaiting(steps: Step[], outdated: Outdated[], { awaitsPasswords }: PodOptions): Step[] {
  const [first, ...rest] = steps;
  if (first === undefined || awaitsPasswords !== true || !outdated.every(isForPassword)) return steps;
  return [{ ...first, waitFor: first.waitFor ?? 'PostgreSQL has the new password' }, ...rest];
}

function statefulSetSteps(
  desired: Desired,
  live: StatefulSet,
  changes: FieldChange[],
  observed: Observed,
): Step[] {
  if (changes.length === 0) return [];
  const wanted = (desired.object as StatefulSet).spec?.replicas ?? 0;
  const current = live.spec?.replicas ?? 0;
  const before = wanted < current ? scaleDownSteps(desired, wanted, current, observed) : [];
  const isFixed = changes.some(({ path }) => immutable.test(path));
  return [...before, ...(isFixed ? recreateSteps : updateSteps)(desired, live, changes)];
}

/** Fields of a StatefulSet that the API server refuses to change. */
const immutable = /^spec\.(serviceName|selector|podManagementPolicy|volumeClaimTemplates)\b/;

function updateSteps({ kind, object }: Desired, live: StatefulSet, changes: FieldChange[]): Step[] {
  return [
    {
      what: `update ${describe(kind, object.metadata.name ?? '')}`,
      why: changes.map(printChange),
      disturbs: 'nothing',
      action: applyTo(kind, object, live),
      observeAfter: true,
    },
  ];
}

/** Its pods are left alone, and are its own again as soon as it is made again; until then they tell what it was. */
function recreateSteps(desired: Desired, live: StatefulSet, changes: FieldChange[]): Step[] {
  const { kind, object } = desired;
  const { name = '', namespace = '' } = object.metadata;
  return [
    {
      what: `delete ${describe(kind, name)}, its pods keep running`,
      why: changes.map(printChange),
      disturbs: 'nothing',
      action: { type: 'delete', kind, namespace, name, uid: live.metadata.uid ?? '', orphan: true },
      observeAfter: true,
    },
    {
      ...makeAgain(desired),
      what: `create ${describe(kind, name)} around its running pods`,
      why: ['Kubernetes allows no change of these fields'],
      observeAfter: true,
    },
  ];
}
