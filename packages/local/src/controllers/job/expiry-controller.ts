import { jobs } from '@pgherd/kube/objects';
import type { Clock } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import { Objects, keyOf, splitKey } from '../objects.ts';
import { endOf } from './conditions.ts';

/**
 * Deletes Jobs, and their pods, `ttlSecondsAfterFinished` after their end.
 * https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/
 */
export function jobExpiryController(objects: Objects, clock: Clock): Controller {
  return {
    name: 'ttl-after-finished',
    interests: [{ resource: jobs, keys: (job) => [keyOf(job)] }],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const job = objects.get(jobs, namespace, name);
      const seconds = job?.spec?.ttlSecondsAfterFinished;
      const end = job && endOf(job);
      if (!end || seconds === undefined || job.metadata.deletionTimestamp !== undefined) return done;
      const left = Date.parse(end.lastTransitionTime ?? '') + seconds * 1000 - clock.now();
      if (left > 0) return requeueAfter(left, 'ttlSecondsAfterFinished');
      objects.delete(jobs, job, { propagationPolicy: 'Foreground' });
      return done;
    },
  };
}
