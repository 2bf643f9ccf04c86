import type { StatefulSet } from '@pgherd/kube/objects';
import { describe, kinds, type Desired } from '../kinds.ts';
import { find, isStreaming, leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { fieldChanges, printChange, type FieldChange } from './field-change.ts';
import { applyTo, makeAgain } from './objects.ts';
import { planRollout } from './rollout.ts';
import { scaleDownSteps } from './scale-down.ts';
import type { Step } from './step.ts';

/** Everything about the existing StatefulSet and its pods: changes, scaling, replacement of outdated pods. */
export function planPods(
  desired: Desired | undefined,
  observed: Observed,
  roleLabel: string,
  ignoredAnnotations: readonly string[],
): Step[] {
  if (desired === undefined) return [];
  const live = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
  if (live === undefined) return [];
  if (live.metadata.deletionTimestamp !== undefined) return [makeAgain(desired)];
  const changes = fieldChanges(desired.object, live, { ignoredAnnotations });
  return [
    ...stripStalePrimaryLabels(observed, roleLabel),
    ...statefulSetSteps(desired, live, changes, observed),
    ...planRollout(desired.object as StatefulSet, live, changes, observed),
  ];
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
  return [...before, changeStep(desired, live, changes)];
}

/** Fields of a StatefulSet that the API server refuses to change. */
const immutable = /^spec\.(serviceName|selector|podManagementPolicy|volumeClaimTemplates)\b/;

function changeStep({ kind, object }: Desired, live: StatefulSet, changes: FieldChange[]): Step {
  const { name = '', namespace = '' } = object.metadata;
  const fixed = changes.some(({ path }) => immutable.test(path));
  return {
    what: `${fixed ? 'recreate' : 'update'} ${describe(kind, name)}${fixed ? ' around its running pods' : ''}`,
    why: changes.map(printChange),
    disturbs: 'nothing',
    action: fixed
      ? { type: 'delete', kind, namespace, name, uid: live.metadata.uid ?? '', orphan: true }
      : applyTo(kind, object, live),
    observeAfter: true,
  };
}

/**
 * Each Patroni labels only its own pod, so a primary that died keeps its label until it is back. While another member
 * leads, nobody should be sent there.
 */
function stripStalePrimaryLabels(observed: Observed, roleLabel: string): Step[] {
  const leader = leaderOf(observed);
  if (leader === undefined || !isStreaming(observed, leader)) return [];
  const isStale = (member: Member) =>
    member !== leader && !member.running && member.pod.metadata.labels?.[roleLabel] === 'master';
  return observed.members.filter(isStale).map((member) => ({
    what: `take the label ${roleLabel}=master from pod ${member.name}`,
    why: [`${leader.name} is the primary and ${member.name} does not run`],
    disturbs: 'nothing',
    action: {
      type: 'patch',
      kind: kinds.pod,
      namespace: observed.namespace,
      name: member.name,
      patch: {
        metadata: {
          uid: member.pod.metadata.uid,
          resourceVersion: member.pod.metadata.resourceVersion,
          labels: { [roleLabel]: null },
        },
      },
    },
  }));
}
