import { nodes, pods } from '@pgherd/kube/objects';
import type { Clock, Node, Pod } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { keyOf, splitKey, type Objects } from '../objects.ts';
import { isFinished, isTerminating } from '../statefulset/pod-state.ts';
import { withCondition } from './conditions.ts';
import { drivenOutAt, type Driver } from './tolerance.ts';

/**
 * Deletes pods that do not tolerate the NoExecute taints of their node, or no longer. A pod whose node is cut off stays
 * Terminating until its agent has ended it, or somebody forces the deletion.
 */
export function taintEvictionController(objects: Objects, clock: Clock, events: EventRecorder): Controller {
  /** When taints without a time of their own were seen first, by node and taint. */
  const seen = new Map<string, Map<string, number>>();
  /** Uids of pods that will be deleted unless the taint goes, by node. */
  const announced = new Map<string, Set<string>>();

  const driversOf = (node: Node): Driver[] => {
    const name = node.metadata.name ?? '';
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
    const before = seen.get(name);
    const now = new Map(taints.map(({ key, value }) => [`${key}=${value ?? ''}`, clock.now()]));
    for (const id of now.keys()) now.set(id, before?.get(id) ?? clock.now());
    seen.set(name, now);
    return taints.map((taint) => {
      const added = Date.parse(taint.timeAdded ?? '');
      const first = now.get(`${taint.key}=${taint.value ?? ''}`) ?? clock.now();
      return { taint, since: Number.isNaN(added) ? first : added };
    });
  };

  return {
    name: 'taint-eviction',
    interests: [
      { resource: nodes, keys: (node) => [keyOf(node)] },
      {
        resource: pods,
        ignoresAnnotations: true,
        keys: (pod) => {
          const { nodeName } = (pod as Pod).spec ?? {};
          return nodeName ? [`/${nodeName}`] : [];
        },
      },
    ],
    reconcile(key) {
      const [, name] = splitKey(key);
      const node = objects.get(nodes, undefined, name);
      if (node === undefined) {
        seen.delete(name);
        announced.delete(name);
        return done;
      }
      const drivers = driversOf(node);
      const before = announced.get(name) ?? new Set();
      if (drivers.length === 0 && before.size === 0) return done;
      let soonest = Number.POSITIVE_INFINITY;
      const now = new Set<string>();
      for (const pod of objects.list(pods)) {
        if (pod.spec?.nodeName !== name || isTerminating(pod) || isFinished(pod)) continue;
        const at = drivers.length === 0 ? undefined : drivenOutAt(pod, drivers);
        const uid = pod.metadata.uid ?? '';
        if (at === undefined) {
          if (before.has(uid)) tell(pod, 'Cancelling deletion of');
        } else if (at <= clock.now()) evict(pod);
        else {
          now.add(uid);
          soonest = Math.min(soonest, at);
        }
      }
      announced.set(name, now);
      return Number.isFinite(soonest)
        ? requeueAfter(soonest - clock.now() + 1, 'pods tolerate the taints of their node for a while')
        : done;
    },
  };

  function tell(pod: Pod, what: string): void {
    const message = `${what} Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
    events.record(pod, 'Normal', 'TaintManagerEviction', message);
  }

  function evict(pod: Pod): void {
    tell(pod, 'Marking for deletion');
    const target = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    };
    const next = withCondition(pod, target, clock.now());
    if (next !== pod) objects.updateStatus(pods, next);
    objects.delete(pods, pod);
  }
}
