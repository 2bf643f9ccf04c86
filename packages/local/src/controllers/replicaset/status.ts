import type { Pod, ReplicaSet } from '@pgherd/kube/objects';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import { timestamp } from '../objects.ts';
import type { Failure } from '../owned-pods.ts';
import { availableIn, isReady } from '../statefulset/pod-state.ts';

type Status = NonNullable<ReplicaSet['status']>;
type Condition = NonNullable<Status['conditions']>[number];

/**
 * The status that follows from the pods that count (neither ended nor ending), and the milliseconds until it changes
 * by mere time. `now` in milliseconds since 1970.
 */
export function statusOf(
  set: ReplicaSet,
  pods: Pod[],
  failure: Failure | undefined,
  now: number,
): { status: Status; recheckMs?: number } {
  const waits = pods.map((pod) => availableIn(pod, set.spec?.minReadySeconds ?? 0, now));
  const selector = { matchLabels: set.spec?.template?.metadata?.labels ?? {} };
  const conditions = conditionsOf(set.status?.conditions ?? [], failure, now);
  const counts = {
    fullyLabeledReplicas: pods.filter((p) => matchesLabelSelector(selector, p.metadata.labels ?? {})).length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: waits.filter((ms) => ms === 0).length,
  };
  const status: Status = {
    replicas: pods.length,
    // Zeros of these are not written.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
  const waiting = waits.filter((ms) => ms !== undefined && ms > 0) as number[];
  return { status, ...(waiting.length > 0 ? { recheckMs: Math.min(...waiting) } : {}) };
}

/** `ReplicaFailure` stands while there is a failure. */
function conditionsOf(present: Condition[], failure: Failure | undefined, now: number): Condition[] {
  const others = present.filter(({ type }) => type !== 'ReplicaFailure');
  if (!failure) return others;
  const old = present.find(({ type }) => type === 'ReplicaFailure');
  // The first of several is the one that is told.
  if (old) return present;
  return [
    ...others,
    { type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestamp(now), ...failure },
  ];
}
