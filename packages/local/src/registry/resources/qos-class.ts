import { quantityNumber, type KubeObject } from '@pgherd/kube/objects';

interface Resources {
  requests?: Record<string, unknown>;
  limits?: Record<string, unknown>;
}

/** `Guaranteed`, `Burstable` or `BestEffort`, by the rules of the Kubernetes documentation on quality of service. */
export function qosClass(pod: KubeObject): string {
  const spec = (pod['spec'] ?? {}) as {
    containers?: { resources?: Resources }[];
    initContainers?: { resources?: Resources }[];
  };
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  let any = false;
  let guaranteed = true;
  for (const { resources = {} } of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = quantityNumber(resources.limits?.[name] ?? 0) ?? 0;
      const request = quantityNumber(resources.requests?.[name] ?? resources.limits?.[name] ?? 0) ?? 0;
      if (limit > 0 || request > 0) any = true;
      if (limit === 0 || request !== limit) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
