import type { Pod } from '@pgherd/kube/objects';
import type { PodContainers } from './pod-containers.ts';

/** What the parts of a pod's worker share. */
export interface PodState {
  /** The newest object. */
  readonly pod: Pod;
  readonly containers: PodContainers;
  /** '' as long as it has none. */
  readonly podIp: string;
  /** Fires when nothing is waited for any more. */
  readonly hurry: AbortController;
}

/** The pod's grace period in milliseconds. */
export function graceMsOf(pod: Pod): number {
  return (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
}
