import { jobs, pods as podResource } from '@pgherd/kube/objects';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import { Objects, controllerOf, keyOf, splitKey, withMetadata } from '../objects.ts';
import { endOf } from './conditions.ts';
import { TRACKING, isTracked } from './pods.ts';

/** Lets go the pods that wait to be counted by a Job that is gone, or has ended. */
export function jobOrphanController(objects: Objects): Controller {
  return {
    name: 'job-orphans',
    interests: [
      { resource: podResource, keys: (pod) => (isTracked(pod as Pod) ? [keyOf(pod)] : []) },
      { resource: jobs, keys: (job) => podsOf(objects, job) },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const pod = objects.get(podResource, namespace, name);
      if (!pod || !isTracked(pod) || isAwaited(objects, pod)) return done;
      const finalizers = pod.metadata.finalizers?.filter((each) => each !== TRACKING) ?? [];
      objects.update(podResource, withMetadata(pod, { finalizers }));
      return done;
    },
  };
}

function podsOf(objects: Objects, job: KubeObject): string[] {
  return objects
    .list(podResource, job.metadata.namespace)
    .filter((pod) => isTracked(pod) && controllerOf(pod)?.uid === job.metadata.uid)
    .map(keyOf);
}

/** Will a Job, or somebody else whom it belongs to, see to the pod? */
function isAwaited(objects: Objects, pod: Pod): boolean {
  const controller = controllerOf(pod);
  if (!controller) return false;
  if (controller.kind !== 'Job' || !controller.apiVersion.startsWith('batch/')) return true;
  const job = objects.get(jobs, pod.metadata.namespace, controller.name);
  return job !== undefined && job.metadata.uid === controller.uid && !endOf(job);
}
