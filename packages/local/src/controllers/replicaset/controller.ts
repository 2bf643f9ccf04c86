import { ApiError, pods as podResource, replicaSets } from '@pgherd/kube/objects';
import type { Clock, KubeObject, Pod, ReplicaSet } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey } from '../objects.ts';
import { claimObjects, controllerReference } from '../ownership.ts';
import { isFinished, isTerminating } from '../statefulset/pod-state.ts';
import { rankForDeletion } from './rank.ts';
import { statusOf } from './status.ts';
import type { Failure } from './status.ts';

/** Most pods that one pass makes or removes; the next pass goes on. */
const BURST = 500;

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

/** A pod that neither has ended nor is about to: one that counts. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
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

class PodsError extends Error {
  readonly reason: Failure['reason'];
  constructor(reason: Failure['reason'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.reason = reason;
  }
}

function keepCount(
  objects: Objects,
  clock: Clock,
  events: EventRecorder,
  set: ReplicaSet,
  pods: Pod[],
): void {
  const missing = (set.spec?.replicas ?? 1) - pods.length;
  for (let made = 0; made < Math.min(missing, BURST); made++) createPod(objects, events, set);
  if (missing >= 0) return;
  const ranked = rankForDeletion(pods, relatedPods(objects, set), clock.now());
  for (const pod of ranked.slice(0, Math.min(-missing, BURST))) deletePod(objects, events, set, pod);
}

function createPod(objects: Objects, events: EventRecorder, set: ReplicaSet): void {
  const { metadata, spec } = set.spec?.template ?? {};
  const { name = '', namespace = '' } = set.metadata;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      ...(metadata?.labels ? { labels: { ...metadata.labels } } : {}),
      ...(metadata?.annotations ? { annotations: { ...metadata.annotations } } : {}),
      ...(metadata?.finalizers ? { finalizers: [...metadata.finalizers] } : {}),
      ownerReferences: [controllerReference('apps/v1', 'ReplicaSet', set)],
    },
    spec: { ...spec, containers: spec?.containers ?? [] },
  };
  let made: Pod;
  try {
    made = objects.create(podResource, pod);
  } catch (error) {
    // Of a namespace that goes nothing can be expected.
    const going =
      error instanceof ApiError &&
      error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
    if (!going) events.record(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
    throw new PodsError('FailedCreate', error);
  }
  events.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
}

function deletePod(objects: Objects, events: EventRecorder, set: ReplicaSet, pod: Pod): void {
  try {
    objects.delete(podResource, pod);
  } catch (error) {
    events.record(set, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
    throw new PodsError('FailedDelete', error);
  }
  events.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
