import { ApiError, persistentVolumeClaims, pods as podResource, statefulSets } from '@pgherd/kube/objects';
import type { Clock, KubeObject, Pod, StatefulSet } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey, withMetadata } from '../objects.ts';
import { createClaims, syncClaimOwners } from './claims.ts';
import { buildPod, ordinalOf, podName, repairedLabels } from './identity.ts';
import { claimPods } from './membership.ts';
import { planStatefulSet } from './plan.ts';
import type { Action } from './plan.ts';
import { syncRevisions, templateOf, truncateHistory } from './revisions.ts';
import type { Revisions } from './revisions.ts';
import { statusOf } from './status.ts';

/** Keeps the pods and claims of each StatefulSet. */
export function statefulSetController(objects: Objects, clock: Clock, events: EventRecorder): Controller {
  const pass = (set: StatefulSet): Result => {
    const revisions = syncRevisions(objects, set);
    const pods = claimPods(objects, set);
    const observed = {
      set,
      pods,
      currentRevision: revisions.current.metadata.name ?? '',
      updateRevision: revisions.update.metadata.name ?? '',
      now: clock.now(),
    };
    const plan = planStatefulSet(observed);
    try {
      for (const pod of pods) syncClaimOwners(objects, set, pod, ordinalOf(set, pod) ?? 0);
      for (const action of plan.actions) execute(objects, events, set, revisions, action);
    } finally {
      // The status is told even when an action fails; it counts what the actions have made of the pods.
      writeStatus(objects, set, revisions, clock.now());
    }
    truncateHistory(objects, set, revisions, pods);
    const waits = [plan.recheckMs, statusOf(observed, 0).recheckMs].filter((ms) => ms !== undefined);
    return waits.length > 0 ? requeueAfter(Math.min(...waits), 'minReadySeconds of a pod') : done;
  };
  return {
    name: 'statefulset',
    interests: [
      { resource: statefulSets, keys: (set) => [keyOf(set)] },
      { resource: podResource, ignoresAnnotations: true, keys: (pod) => setsOf(objects, pod) },
      { resource: persistentVolumeClaims, keys: (claim) => setsOfClaim(objects, claim) },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const set = objects.get(statefulSets, namespace, name);
      // What a set that goes leaves behind is the garbage collector's; making revisions anew would hold it up.
      return set && set.metadata.deletionTimestamp === undefined ? pass(set) : done;
    },
  };
}

function execute(
  objects: Objects,
  events: EventRecorder,
  set: StatefulSet,
  revisions: Revisions,
  action: Action,
): void {
  const setName = set.metadata.name ?? '';
  if (action.kind === 'repair') {
    const labels = repairedLabels(set, action.pod, action.ordinal);
    if (labels) objects.update(podResource, withMetadata(action.pod, { labels }));
    if (action.pod.status?.phase === 'Pending') makeClaims(objects, events, set, action.ordinal);
    return;
  }
  if (action.kind === 'create') {
    const name = podName(set, action.ordinal);
    const { current, update } = revisions;
    const revision = action.revision === current.metadata.name ? current : update;
    makeClaims(objects, events, set, action.ordinal);
    const pod = buildPod(set, action.ordinal, templateOf(revision), action.revision);
    tell(events, set, 'Create', `create Pod ${name} in StatefulSet ${setName}`, () =>
      objects.create(podResource, pod),
    );
    return;
  }
  const name = action.pod.metadata.name ?? '';
  if (action.why === 'finished') {
    const failed = action.pod.status?.phase === 'Failed';
    events.record(
      set,
      failed ? 'Warning' : 'Normal',
      failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod',
      `StatefulSet ${set.metadata.namespace}/${setName} is recreating ${failed ? 'failed' : 'terminated'} Pod ${name}`,
    );
  }
  tell(events, set, 'Delete', `delete Pod ${name} in StatefulSet ${setName}`, () =>
    objects.delete(podResource, action.pod),
  );
}

function makeClaims(objects: Objects, events: EventRecorder, set: StatefulSet, ordinal: number): void {
  const subject = `Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`;
  let created: string[];
  try {
    created = createClaims(objects, set, ordinal);
  } catch (error) {
    events.record(
      set,
      'Warning',
      'FailedCreate',
      `create Claim of ${subject} failed error: ${messageOf(error)}`,
    );
    throw error;
  }
  for (const claim of created) {
    events.record(set, 'Normal', 'SuccessfulCreate', `create Claim ${claim} ${subject} success`);
  }
}

function tell(events: EventRecorder, set: StatefulSet, verb: string, what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    // A pod of the same name that ends right now: no failure, the next look makes it.
    const passing = error instanceof ApiError && error.reason === 'AlreadyExists';
    if (!passing) events.record(set, 'Warning', `Failed${verb}`, `${what} failed error: ${messageOf(error)}`);
    throw error;
  }
  events.record(set, 'Normal', `Successful${verb}`, `${what} successful`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function writeStatus(objects: Objects, set: StatefulSet, revisions: Revisions, now: number): void {
  const { namespace, name = '' } = set.metadata;
  const fresh = objects.get(statefulSets, namespace, name);
  if (!fresh || fresh.metadata.uid !== set.metadata.uid) return;
  const observed = {
    set,
    pods: claimPods(objects, set),
    currentRevision: revisions.current.metadata.name ?? '',
    updateRevision: revisions.update.metadata.name ?? '',
    now,
  };
  const { status } = statusOf(observed, revisions.collisionCount);
  const next = { ...fresh.status, ...status };
  if (!sameJson(next, fresh.status)) objects.updateStatus(statefulSets, { ...fresh, status: next });
}

/** The set that controls the pod, or those that might adopt it. */
function setsOf(objects: Objects, pod: KubeObject): string[] {
  const namespace = pod.metadata.namespace ?? '';
  const controller = controllerOf(pod);
  if (controller) return controller.kind === 'StatefulSet' ? [`${namespace}/${controller.name}`] : [];
  return objects
    .list(statefulSets, namespace)
    .filter((set) => ordinalOf(set, pod as Pod) !== undefined)
    .map(keyOf);
}

/** A claim that goes may be what a set waits for. */
function setsOfClaim(objects: Objects, claim: KubeObject): string[] {
  const { name = '', namespace } = claim.metadata;
  // `TEMPLATE-SET-ORDINAL`, where each of the names may have hyphens of its own.
  const parts = name.split('-').slice(0, -1);
  return parts.slice(1).flatMap((_part, index) => {
    const template = parts.slice(0, index + 1).join('-');
    const set = objects.get(statefulSets, namespace, parts.slice(index + 1).join('-'));
    const templates = set?.spec?.volumeClaimTemplates ?? [];
    return set && templates.some(({ metadata }) => metadata?.name === template) ? [keyOf(set)] : [];
  });
}
