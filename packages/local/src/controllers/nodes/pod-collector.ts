import { nodes, pods } from '@pgherd/kube/objects';
import type { Clock, Node, Pod } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import type { Objects } from '../objects.ts';
import { isFinished, isTerminating } from '../statefulset/pod-state.ts';
import { stateOf, withCondition } from './conditions.ts';

/** How long a node must be missing before its pods are given up: Kubernetes' time. */
const QUARANTINE_MS = 40_000;

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

/**
 * Gives up pods that no agent will ever end: of nodes that were deleted, and terminating ones of nodes that a person has
 * marked as out of service. Only the objects go: whether a container still runs there, nobody knows.
 */
export function podCollector(objects: Objects, clock: Clock): Controller {
  const missingSince = new Map<string, number>();
  return {
    name: 'pod-collector',
    interests: [
      { resource: nodes, keys: () => ['pods'] },
      { resource: pods, ignoresAnnotations: true, keys: () => ['pods'] },
    ],
    reconcile() {
      const known = new Map(objects.list(nodes).map((node) => [node.metadata.name ?? '', node]));
      const missing = new Set<string>();
      let soonest = Number.POSITIVE_INFINITY;
      for (const pod of objects.list(pods)) {
        const { nodeName } = pod.spec ?? {};
        if (!nodeName) continue;
        const node = known.get(nodeName);
        if (node !== undefined) {
          if (isTerminating(pod) && isOutOfService(node)) giveUp(pod, 'node is out-of-service');
          continue;
        }
        missing.add(nodeName);
        const since = missingSince.get(nodeName) ?? clock.now();
        missingSince.set(nodeName, since);
        const end = since + QUARANTINE_MS;
        if (end <= clock.now()) giveUp(pod, 'node no longer exists');
        else soonest = Math.min(soonest, end);
      }
      for (const name of missingSince.keys()) if (!missing.has(name)) missingSince.delete(name);
      return Number.isFinite(soonest)
        ? requeueAfter(soonest - clock.now() + 1, 'a node of pods is missing')
        : done;
    },
  };

  function giveUp(pod: Pod, why: string): void {
    if (!isFinished(pod)) {
      const target = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: `PodGC: ${why}`,
      };
      const marked = withCondition(pod, target, clock.now());
      objects.updateStatus(pods, { ...marked, status: { ...marked.status, phase: 'Failed' } });
    }
    objects.delete(pods, pod, { gracePeriodSeconds: 0 });
  }
}

/** A person says that it is off: nothing runs there any more. */
function isOutOfService(node: Node): boolean {
  return (
    stateOf(node, 'Ready') !== 'True' && (node.spec?.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE)
  );
}
