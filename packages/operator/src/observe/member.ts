import type { ContainerStatus, Pod } from '@pgherd/kube/objects';
import { parseMember } from '@pgherd/patroni';
import { sharedParameters } from '@pgherd/postgres';
import { ordinalOf } from '../names.ts';
import type { Member } from './observed.ts';

/** What a pod says about a member; undefined for a pod that is not one of the StatefulSet's. */
export function memberOf(cluster: string, pod: Pod): Member | undefined {
  const name = pod.metadata.name ?? '';
  const ordinal = ordinalOf(cluster, name);
  if (ordinal === undefined) return undefined;
  const container = pod.status?.containerStatuses?.find((status) => status.name === 'postgres');
  const deleting = pod.metadata.deletionTimestamp !== undefined;
  const running = !deleting && pod.status?.phase === 'Running' && container?.state?.running !== undefined;
  // The annotation outlives the container that wrote it.
  const status = parseMember(name, running ? pod.metadata.annotations?.['status'] : undefined);
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
    primaryRestartsFirst: lowersSharedSetting(running ? pod.metadata.annotations?.['status'] : undefined),
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

/** Whether a parameter that members share waits for a restart with a lower value, from `pending_restart_reason` of the annotation. */
function lowersSharedSetting(annotation: string | undefined): boolean {
  try {
    const said = JSON.parse(annotation ?? '{}') as {
      pending_restart_reason?: Record<string, { old_value?: unknown; new_value?: unknown }>;
    };
    return sharedParameters.some((name) => {
      const change = said.pending_restart_reason?.[name];
      return change !== undefined && Number(change.new_value) < Number(change.old_value);
    });
  } catch {
    return false;
  }
}
