import { pods as podResource } from '@pgherd/kube/objects';
import type { Pod, StatefulSet } from '@pgherd/kube/objects';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import { Objects, controllerOf, withMetadata } from '../objects.ts';
import { controllerReference, ordinalOf } from './identity.ts';

/**
 * The pods that the set controls. Orphans that match selector and name are adopted, pods that no longer match the
 * selector are released, pods of other controllers are left alone.
 */
export function claimPods(objects: Objects, set: StatefulSet): Pod[] {
  const deleting = set.metadata.deletionTimestamp !== undefined;
  const mine: Pod[] = [];
  const namePrefix = `${set.metadata.name}-`;
  for (const pod of objects.list(podResource, set.metadata.namespace, { namePrefix })) {
    if (ordinalOf(set, pod) === undefined) continue;
    const controller = controllerOf(pod);
    const matches = matchesLabelSelector(set.spec?.selector ?? {}, pod.metadata.labels ?? {});
    if (controller && controller.uid !== set.metadata.uid) continue;
    if (controller && matches) mine.push(pod);
    else if (controller && !deleting) release(objects, set, pod);
    else if (!controller && matches && !deleting && pod.metadata.deletionTimestamp === undefined) {
      mine.push(adopt(objects, set, pod));
    }
  }
  return mine;
}

function adopt(objects: Objects, set: StatefulSet, pod: Pod): Pod {
  const ownerReferences = [...(pod.metadata.ownerReferences ?? []), controllerReference(set)];
  return objects.update(podResource, withMetadata(pod, { ownerReferences }));
}

function release(objects: Objects, set: StatefulSet, pod: Pod): void {
  const ownerReferences = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== set.metadata.uid);
  objects.update(podResource, withMetadata(pod, { ownerReferences }));
}
