import { pods as podResource, replicaSets } from '@pgherd/kube/objects';
import type { Clock, KubeObject, Pod, ReplicaSet } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey } from '../objects.ts';
import { BURST, PodsError, createPod, deletePod, isActive, type Failure } from '../owned-pods.ts';
import { claimObjects, controllerReference } from '../ownership.ts';
import { rankForDeletion } from './rank.ts';
import { statusOf } from './status.ts';

/** Keeps the number of pods that each ReplicaSet wants. */
export function replicaSetController(objects: Objects, clock: Clock, events: EventRecorder): Controller {
  return {
    name: 'replicaset',
    interests: [
      { resource: replicaSets, keys: (set) => [keyOf(set)] },
      { resource: podResource, keys: (pod) => setsOf(objects, pod) },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const set = objects.get(replicaSets, namespace, name);
      return set ? pass(objects, clock, events, set) : done;
    },
  };
}

function pass(objects: Objects, clock: Clock, events: EventRecorder, set: ReplicaSet): Result {
  const deleting = set.metadata.deletionTimestamp !== undefined;
  let failure: { told: Failure; error: unknown } | undefined;
  try {
    if (!deleting) keepCount(objects, clock, events, set, claimPods(objects, set));
  } catch (error) {
    if (!(error instanceof PodsError)) throw error;
    failure = { told: { reason: error.reason, message: error.message }, error: error.cause };
  }
  // The counts tell what the pass has made of the pods.
  const fresh = objects.get(replicaSets, set.metadata.namespace, set.metadata.name ?? '');
  if (!fresh || fresh.metadata.uid !== set.metadata.uid) return done;
  const now = clock.now();
  const { status, recheckMs } = statusOf(set, claimPods(objects, set), failure?.told, now);
  // While the set goes, the failure of before has no meaning any more, but nobody removes it either.
  const next = deleting && set.status?.conditions ? { ...status, conditions: set.status.conditions } : status;
  if (!sameJson(next, fresh.status)) objects.updateStatus(replicaSets, { ...fresh, status: next });
  if (failure) throw failure.error;
  return recheckMs === undefined ? done : requeueAfter(recheckMs, 'minReadySeconds of a pod');
}

/** The pods of the set that count. */
function claimPods(objects: Objects, set: ReplicaSet): Pod[] {
  return claimObjects(objects, {
    owner: set,
    selector: set.spec?.selector ?? {},
    reference: controllerReference('apps/v1', 'ReplicaSet', set),
    resource: podResource,
    only: isActive,
  });
}

function keepCount(
  objects: Objects,
  clock: Clock,
  events: EventRecorder,
  set: ReplicaSet,
  pods: Pod[],
): void {
  const missing = (set.spec?.replicas ?? 1) - pods.length;
  const reference = controllerReference('apps/v1', 'ReplicaSet', set);
  const maker = { objects, events, owner: set, reference };
  for (let made = 0; made < Math.min(missing, BURST); made++) createPod(maker, set.spec?.template);
  if (missing >= 0) return;
  const ranked = rankForDeletion(pods, relatedPods(objects, set), clock.now());
  for (const pod of ranked.slice(0, Math.min(-missing, BURST))) deletePod(maker, pod);
}

/** Pods of all ReplicaSets that the same Deployment controls. */
function relatedPods(objects: Objects, set: ReplicaSet): Pod[] {
  const owner = controllerOf(set)?.uid;
  const { namespace, uid } = set.metadata;
  const family = new Set(
    objects
      .list(replicaSets, namespace)
      .filter((other) => other.metadata.uid === uid || (owner && controllerOf(other)?.uid === owner))
      .map(({ metadata }) => metadata.uid),
  );
  return objects
    .list(podResource, namespace)
    .filter((pod) => isActive(pod) && family.has(controllerOf(pod)?.uid ?? ''));
}

/** The set that controls the pod, or those that might adopt it. */
function setsOf(objects: Objects, pod: KubeObject): string[] {
  const namespace = pod.metadata.namespace ?? '';
  const controller = controllerOf(pod);
  if (controller) return controller.kind === 'ReplicaSet' ? [`${namespace}/${controller.name}`] : [];
  return objects
    .list(replicaSets, namespace)
    .filter(({ spec }) => matchesLabelSelector(spec?.selector ?? {}, pod.metadata.labels ?? {}))
    .map(keyOf);
}
