import { ApiError, pods as podResource } from '@pgherd/kube/objects';
import type { KubeObject, OwnerReference, Pod, PodTemplateSpec } from '@pgherd/kube/objects';
import type { EventRecorder } from './event-recorder.ts';
import type { Objects } from './objects.ts';
import { isFinished, isTerminating } from './statefulset/pod-state.ts';

/** Most pods that one pass of a controller makes or removes; the next pass goes on. */
export const BURST = 500;

/** Why pods could not be made or removed. */
export interface Failure {
  reason: 'FailedCreate' | 'FailedDelete';
  message: string;
}

/** A pod could not be made or removed; an event has told it. */
export class PodsError extends Error {
  readonly reason: Failure['reason'];
  constructor(reason: Failure['reason'], cause: unknown) {
    super(messageOf(cause), { cause });
    this.reason = reason;
  }
}

/** A pod that neither has ended nor is about to: one that counts. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

/** What a controller makes pods for. */
export interface PodMaker {
  objects: Objects;
  events: EventRecorder;
  owner: KubeObject;
  reference: OwnerReference;
}

/**
 * Makes one pod, named after its owner, and tells it in an event of the owner.
 *
 * @throws PodsError
 */
export function createPod(
  { objects, events, owner, reference }: PodMaker,
  template: PodTemplateSpec | undefined,
  moreFinalizers: readonly string[] = [],
): void {
  const { metadata, spec } = template ?? {};
  const { name = '', namespace = '' } = owner.metadata;
  const finalizers = [...(metadata?.finalizers ?? []), ...moreFinalizers];
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      ...(metadata?.labels ? { labels: { ...metadata.labels } } : {}),
      ...(metadata?.annotations ? { annotations: { ...metadata.annotations } } : {}),
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ownerReferences: [reference],
    },
    spec: { ...spec, containers: spec?.containers ?? [] },
  };
  let made: Pod;
  try {
    made = objects.create(podResource, pod);
  } catch (error) {
    // Of a namespace that goes nothing can be expected.
    const going =
      error instanceof ApiError &&
      error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
    if (!going) events.record(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
    throw new PodsError('FailedCreate', error);
  }
  events.record(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
}

/**
 * Deletes one pod, and tells it in an event of its owner.
 *
 * @throws PodsError
 */
export function deletePod({ objects, events, owner }: Omit<PodMaker, 'reference'>, pod: Pod): void {
  try {
    objects.delete(podResource, pod);
  } catch (error) {
    events.record(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
    throw new PodsError('FailedDelete', error);
  }
  events.record(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
