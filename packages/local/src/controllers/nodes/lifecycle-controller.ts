import { leases, nodes, pods } from '@pgherd/kube/objects';
import type { Clock, Node } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { keyOf, sameJson, splitKey, type Objects } from '../objects.ts';
import { silenced, stateOf, withCondition } from './conditions.ts';
import { drivingFrom, taintsOf } from './taints.ts';

/** Where agents renew their leases. */
export const LEASE_NAMESPACE = 'kube-node-lease';

/** A node is looked at at least this often: Kubernetes' node monitor period. */
const MONITOR_MS = 5_000;

/** What the controllers of nodes need to know. */
export interface NodeOptions {
  /** How long a node may be silent before it counts as lost, milliseconds; Kubernetes' default is 40 s. */
  graceMs: () => number;
}

/**
 * Watches over the nodes: one whose agent neither renews its lease nor reports is unknown, its pods are not ready, and its
 * taints say so. How long a node has been silent is measured here, so that clocks and a restart do not matter.
 */
export function nodeLifecycleController(
  objects: Objects,
  clock: Clock,
  events: EventRecorder,
  { graceMs }: NodeOptions,
): Controller {
  const heard = new Map<string, { heartbeat: string; at: number }>();
  const silentFor = (node: Node): number => {
    const name = node.metadata.name ?? '';
    const lease = objects.get(leases, LEASE_NAMESPACE, name);
    const report = node.status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
    const heartbeat = `${lease?.spec?.renewTime ?? ''} ${report ?? ''}`;
    const known = heard.get(name);
    if (known?.heartbeat === heartbeat) return clock.now() - known.at;
    heard.set(name, { heartbeat, at: clock.now() });
    return 0;
  };

  return {
    name: 'node-lifecycle',
    interests: [
      // What one node is decides whether pods are driven from others.
      { resource: nodes, keys: () => objects.list(nodes).map(keyOf) },
      {
        resource: leases,
        keys: ({ metadata }) => (metadata.namespace === LEASE_NAMESPACE ? [`/${metadata.name ?? ''}`] : []),
      },
    ],
    reconcile(key) {
      const [, name] = splitKey(key);
      let node = objects.get(nodes, undefined, name);
      if (node === undefined) {
        heard.delete(name);
        return done;
      }
      const left = graceMs() - silentFor(node);
      if (left <= 0) {
        const wasReady = stateOf(node, 'Ready') === 'True';
        const next = silenced(node, clock.now());
        if (next !== node) node = objects.updateStatus(nodes, next);
        if (wasReady)
          events.record(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      }
      if (stateOf(node, 'Ready') === 'Unknown') unready(name);
      const driving = drivingFrom(node, objects.list(nodes));
      const taints = taintsOf(node, driving, clock.now());
      if (!sameJson(taints, node.spec?.taints ?? [])) {
        const { taints: _, ...spec } = node.spec ?? {};
        objects.update(nodes, { ...node, spec: { ...spec, ...(taints.length > 0 ? { taints } : {}) } });
      }
      // A moment later than the end of the grace, so that it is over then; sooner, because it may be changed.
      return left > 0 ? requeueAfter(Math.min(left + 1, MONITOR_MS), 'the node may fall silent') : done;
    },
  };

  /** Nobody knows what the node's pods do: none of them counts as ready. */
  function unready(nodeName: string): void {
    for (const pod of objects.list(pods)) {
      if (pod.spec?.nodeName !== nodeName) continue;
      const isReady = pod.status?.conditions?.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      );
      if (isReady !== true) continue;
      objects.updateStatus(pods, withCondition(pod, { type: 'Ready', status: 'False' }, clock.now()));
      events.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    }
  }
}
