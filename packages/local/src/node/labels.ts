import { createHash } from 'node:crypto';
import type { Container, Pod } from '@pgherd/kube/objects';

/** Labels on every container of ours: all that the agent must know to find them again after a restart. */
export const LABEL = {
  instance: 'pgherd.dev/instance',
  /** Absent on what was made when there was one node only: it is the first one's. */
  node: 'pgherd.dev/node',
  podUid: 'pgherd.dev/pod-uid',
  podName: 'pgherd.dev/pod-name',
  podNamespace: 'pgherd.dev/pod-namespace',
  /** Absent on the sandbox. */
  container: 'pgherd.dev/container',
  /** How often the container (or sandbox) had been made before. */
  attempt: 'pgherd.dev/attempt',
  specHash: 'pgherd.dev/spec-hash',
  /** Seconds; needed for pods that the registry no longer knows. */
  gracePeriod: 'pgherd.dev/grace-period',
} as const;

/** The labels of a container of this pod; without `container`: of its sandbox. */
export function containerLabels(
  instanceId: string,
  pod: Pod,
  attempt: number,
  container?: Container,
): Record<string, string> {
  return {
    [LABEL.instance]: instanceId,
    [LABEL.node]: pod.spec?.nodeName ?? '',
    [LABEL.podUid]: pod.metadata.uid ?? '',
    [LABEL.podName]: pod.metadata.name ?? '',
    [LABEL.podNamespace]: pod.metadata.namespace ?? '',
    [LABEL.attempt]: String(attempt),
    [LABEL.gracePeriod]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    ...(container === undefined
      ? {}
      : { [LABEL.container]: container.name, [LABEL.specHash]: specHash(container) }),
  };
}

/** The engine's name of a container: readable, and unique by instance, pod and attempt. */
export function containerName(instanceId: string, pod: Pod, attempt: number, container?: string): string {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  return [`pgherd-${instanceId}`, namespace, name, container ?? 'POD', uid.slice(0, 8), attempt].join('_');
}

/** Hash of what a running container was made from; in a running pod only the image can change. */
export function specHash(container: Container): string {
  const { name, image } = container;
  return createHash('sha256').update(JSON.stringify({ name, image })).digest('hex').slice(0, 16);
}
