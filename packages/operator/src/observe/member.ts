import type { ContainerStatus, Pod } from '@pgherd/kube/objects';
import { parseMember } from '@pgherd/patroni';
import { ordinalOf } from '../names.ts';
import type { Member } from './observed.ts';
import { pendingChanges } from './pending-restart.ts';

/** What a pod says about a member; undefined for a pod that is not one of the StatefulSet's. */
export function memberOf(cluster: string, pod: Pod): Member | undefined {
  const name = pod.metadata.name ?? '';
  const ordinal = ordinalOf(cluster, name);
  if (ordinal === undefined) return undefined;
  const container = pod.status?.containerStatuses?.find((status) => status.name === 'postgres');
  const deleting = pod.metadata.deletionTimestamp !== undefined;
  const running = !deleting && pod.status?.phase === 'Running' && container?.state?.running !== undefined;
  // The annotation outlives the container that wrote it.
  const annotation = running ? pod.metadata.annotations?.['status'] : undefined;
  const status = parseMember(name, annotation);
  return {
    name,
    ordinal,
    pod,
    address: pod.status?.podIP,
    running,
    ready: isReady(pod),
    deleting,
    waiting: running || deleting ? undefined : waitingReason(pod, container),
    revision: pod.metadata.labels?.['controller-revision-hash'],
    role: status.role,
    state: status.state,
    replicationState: status.replicationState,
    timeline: status.timeline,
    location: status.xlogLocation,
    pendingRestart: status.pendingRestart,
    pendingChanges: status.pendingRestart ? pendingChanges(published(annotation)) : [],
    tags: status.tags,
    ...(status.scheduledRestart === undefined ? {} : { scheduledRestart: status.scheduledRestart }),
  };
}

/** A kubelet says so of every pod; one that nobody has said it of yet is not held back for that. */
function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'False';
}

/** Why a pod does not run, in Kubernetes' own words. */
function waitingReason(pod: Pod, container: ContainerStatus | undefined): string | undefined {
  const state = container?.state;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason;
  const message = state?.waiting?.message ?? state?.terminated?.message;
  if (reason !== undefined) return message === undefined ? reason : `${reason}: ${message}`;
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled !== undefined) {
    return `${unscheduled.reason ?? 'Unscheduled'}: ${unscheduled.message ?? ''}`;
  }
  return pod.status?.reason;
}

function published(annotation: string | undefined): unknown {
  try {
    return JSON.parse(annotation ?? '{}');
  } catch {
    return {};
  }
}
