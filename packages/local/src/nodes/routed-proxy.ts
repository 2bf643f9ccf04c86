import { ApiError, pods } from '@pgherd/kube/objects';
import type { Pod } from '@pgherd/kube/objects';
import type { NodeProxy } from '../node/node-proxy.ts';
import { findObject } from '../node/object-source.ts';
import type { Registry } from '../registry/registry.ts';

/** A node as the API server reaches it. */
export interface Route {
  address: string;
  /** Absent: it does not answer. */
  agent?: NodeProxy;
}

/**
 * Sends each request to the node that its pod is on. One that does not answer is told in the words of an API server whose
 * connection to a kubelet comes to nothing.
 *
 * @param routeTo the node of that name, or any for a pod that has none: it says that it knows no such pod.
 */
export function routedProxy(registry: Registry, routeTo: (nodeName: string | undefined) => Route): NodeProxy {
  const agentOf = (namespace: string, name: string): NodeProxy => {
    const pod = findObject<Pod>(registry, pods, namespace, name);
    const { address, agent } = routeTo(pod?.spec?.nodeName);
    if (agent !== undefined) return agent;
    const message = `error dialing backend: dial tcp ${address}:10250: i/o timeout`;
    throw new ApiError(500, 'InternalError', message);
  };
  return {
    async *logs(namespace, pod, options, signal) {
      yield* agentOf(namespace, pod).logs(namespace, pod, options, signal);
    },
    exec: async (namespace, pod, options) => agentOf(namespace, pod).exec(namespace, pod, options),
    attach: async (namespace, pod, options) => agentOf(namespace, pod).attach(namespace, pod, options),
    connect: async (namespace, pod, port, signal) =>
      agentOf(namespace, pod).connect(namespace, pod, port, signal),
  };
}
