import { deployments, pods as podResource, replicaSets } from '@pgherd/kube/objects';
import type { Clock, Deployment, KubeObject } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey, withMetadata } from '../objects.ts';
import { claimObjects, controllerReference } from '../ownership.ts';
import { isFinished } from '../statefulset/pod-state.ts';
import { isRolling, replicasIn, replicasOf } from './amounts.ts';
import { withReplicas } from './annotations.ts';
import { pauseCondition, withCondition } from './conditions.ts';
import { familyOf, surplus } from './family.ts';
import { makeNewest, syncNewest, writeStatus } from './newest.ts';
import type { Pass } from './newest.ts';
import { emptyOld, growNewest, isScaled, planScaling, shrinkOld } from './scaling.ts';
import type { Step } from './scaling.ts';
import { countedStatus, deadlineIn, isComplete, rolloutStatus } from './status.ts';

/**
 * Leads the ReplicaSets of each Deployment to its template.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
export function deploymentController(objects: Objects, clock: Clock, events: EventRecorder): Controller {
  return {
    name: 'deployment',
    interests: [
      { resource: deployments, keys: (deployment) => [keyOf(deployment)] },
      { resource: replicaSets, keys: (set) => deploymentsOf(objects, set) },
      { resource: podResource, keys: (pod) => deploymentsOfPod(objects, pod) },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const deployment = objects.get(deployments, namespace, name);
      if (!deployment) return done;
      const sets = claimObjects(objects, {
        owner: deployment,
        selector: deployment.spec?.selector ?? {},
        reference: controllerReference('apps/v1', 'Deployment', deployment),
        resource: replicaSets,
      });
      const family = familyOf(deployment, sets);
      return reconcile({ objects, events, deployment, family, now: () => clock.now() });
    },
  };
}

function reconcile(pass: Pass): Result {
  if (pass.deployment.metadata.deletionTimestamp !== undefined) {
    writeStatus(pass, countedStatus(pass.deployment, pass.family, pass.now()));
    return done;
  }
  const said = pauseCondition(pass.deployment);
  if (said) {
    const { status } = pass.deployment;
    const conditions = withCondition(status?.conditions ?? [], said, pass.now());
    writeStatus(pass, { ...status, conditions });
  }
  syncNewest(pass);
  const paused = pass.deployment.spec?.paused === true;
  if (paused || isScaled(pass.deployment, pass.family)) {
    scale(pass, planScaling(pass.deployment, pass.family));
    if (paused) trimHistory(pass);
    writeStatus(pass, countedStatus(pass.deployment, pass.family, pass.now()));
    return done;
  }
  const moved = isRolling(pass.deployment) ? rollOn(pass) : recreate(pass);
  if (!moved && isComplete(pass.deployment, pass.deployment.status ?? {})) trimHistory(pass);
  writeStatus(pass, rolloutStatus(pass.deployment, pass.family, pass.now()));
  const wait = deadlineIn(pass.deployment, pass.now());
  return wait === undefined ? done : requeueAfter(wait, 'progressDeadlineSeconds');
}

/** One step of a RollingUpdate. True: something was scaled, its effect is waited for. */
function rollOn(pass: Pass): boolean {
  makeNewest(pass);
  return (
    scale(pass, growNewest(pass.deployment, pass.family)) ||
    scale(pass, shrinkOld(pass.deployment, pass.family))
  );
}

/** One step of Recreate: the old pods go, and only when none of them is left the new ones come. */
function recreate(pass: Pass): boolean {
  if (scale(pass, emptyOld(pass.family)) || hasOldPods(pass)) return true;
  makeNewest(pass);
  const { newest } = pass.family;
  return newest !== undefined && scale(pass, [{ set: newest, replicas: replicasOf(pass.deployment) }]);
}

/** Pods that are about to go still run. */
function hasOldPods({ objects, deployment, family }: Pass): boolean {
  if (replicasIn(family.old) > 0) return true;
  const old = new Set(family.old.map(({ metadata }) => metadata.uid));
  return objects
    .list(podResource, deployment.metadata.namespace)
    .some((pod) => old.has(controllerOf(pod)?.uid ?? '') && !isFinished(pod));
}

/** Answers whether a number has changed. */
function scale(pass: Pass, steps: readonly Step[]): boolean {
  const { objects, events, deployment, family } = pass;
  let changed = false;
  for (const { set, replicas } of steps) {
    const before = replicasOf(set);
    const annotations = withReplicas(deployment, set);
    const same = before === replicas && sameJson(annotations, set.metadata.annotations ?? {});
    if (same || !set.spec) continue;
    const next = { ...withMetadata(set, { annotations }), spec: { ...set.spec, replicas } };
    const stored = objects.update(replicaSets, next);
    if (family.newest === set) family.newest = stored;
    else family.old[family.old.indexOf(set)] = stored;
    if (before === replicas) continue;
    changed = true;
    const way = before < replicas ? 'up' : 'down';
    const message = `Scaled ${way} replica set ${set.metadata.name} to ${replicas} from ${before}`;
    events.record(deployment, 'Normal', 'ScalingReplicaSet', message);
  }
  return changed;
}

function trimHistory({ objects, deployment, family }: Pass): void {
  for (const set of surplus(deployment, family.old)) objects.delete(replicaSets, set);
}

/** The Deployment that controls the set, or those that might adopt it. */
function deploymentsOf(objects: Objects, set: KubeObject): string[] {
  const namespace = set.metadata.namespace ?? '';
  const controller = controllerOf(set);
  if (controller) return controller.kind === 'Deployment' ? [`${namespace}/${controller.name}`] : [];
  return objects
    .list(deployments, namespace)
    .filter(({ spec }: Deployment) => matchesLabelSelector(spec?.selector ?? {}, set.metadata.labels ?? {}))
    .map(keyOf);
}

/** The last old pod that goes is what Recreate waits for. */
function deploymentsOfPod(objects: Objects, pod: KubeObject): string[] {
  const owner = controllerOf(pod);
  if (owner?.kind !== 'ReplicaSet') return [];
  const namespace = pod.metadata.namespace ?? '';
  const set = objects.get(replicaSets, namespace, owner.name);
  const controller = set && controllerOf(set);
  return controller?.kind === 'Deployment' ? [`${namespace}/${controller.name}`] : [];
}
