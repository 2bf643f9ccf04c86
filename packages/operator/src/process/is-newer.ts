import type { KubeObject } from '@pgherd/kube/objects';

/** Resource versions are opaque, but where both are numbers the larger one is later (Kubernetes and our engine). */
export function isNewer(object: KubeObject, known: KubeObject): boolean {
  const [one, other] = [Number(object.metadata.resourceVersion), Number(known.metadata.resourceVersion)];
  return Number.isSafeInteger(one) && Number.isSafeInteger(other) && one > other;
}
