import type { StatefulSetStatus } from '@pgherd/kube/objects';
import { REVISION_LABEL, replicasOf } from './identity.ts';
import type { Observed } from './plan.ts';
import { availableIn, isReady, isTerminating } from './pod-state.ts';

/** The status that follows from the pods, and the milliseconds until it changes by mere time. */
export function statusOf(
  { set, pods, currentRevision, updateRevision, now }: Observed,
  collisionCount: number,
): { status: StatefulSetStatus; recheckMs?: number } {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const waits = pods.map((pod) => availableIn(pod, minReadySeconds, now));
  const live = pods.filter((pod) => !isTerminating(pod));
  const countOf = (revision: string): number =>
    live.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === revision).length;
  const status: StatefulSetStatus = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: waits.filter((ms) => ms === 0).length,
    currentReplicas: countOf(currentRevision),
    updatedReplicas: countOf(updateRevision),
    currentRevision,
    updateRevision,
    collisionCount,
  };
  const wanted = replicasOf(set);
  const complete =
    set.spec?.updateStrategy?.type !== 'OnDelete' &&
    status.updatedReplicas === wanted &&
    status.readyReplicas === wanted &&
    status.replicas === wanted;
  if (complete) {
    status.currentRevision = updateRevision;
    status.currentReplicas = wanted;
  }
  const waiting = waits.filter((ms) => ms !== undefined && ms > 0) as number[];
  return { status, ...(waiting.length > 0 ? { recheckMs: Math.min(...waiting) } : {}) };
}
