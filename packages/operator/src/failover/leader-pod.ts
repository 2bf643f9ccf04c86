import type { ContainerState, Pod } from '@pgherd/kube/objects';
import { parseMember } from '@pgherd/patroni';
import { secondOf } from './leader-lock.ts';

/** One run of the database container that has ended, as the kubelet reports it. */
export interface EndedRun {
  /** `containerID`, e.g. `containerd://…`. */
  id: string;
  /** Kubernetes' word, e.g. `Error`, `OOMKilled`, `ContainerStatusUnknown`. */
  reason: string;
  exitCode: number;
  /** Whole seconds since 1970, by the node's clock; undefined where the kubelet does not know. */
  startedIn: number | undefined;
  endedIn: number | undefined;
  /** Start of the run after it, if there was one already. */
  nextStartedIn: number | undefined;
}

/** The pod that holds the lock, as one read of the API server gave it. */
export interface LeaderPod {
  uid: string;
  resourceVersion: string;
  /** Whole seconds since 1970, by the API server's clock. */
  createdIn: number;
  address: string | undefined;
  /** Address that the Patroni of this pod last wrote that it has; undefined once it was taken away. */
  announcedAddress: string | undefined;
  /** Processes of the container may live on without its first one: it shares its process namespace. */
  sharesProcesses: boolean;
  /** Ended runs of the database container that the status shows, the last one first; at most two. */
  ended: EndedRun[];
  /** Start of the run that goes on: whole seconds since 1970, by the node's clock; undefined: none does. */
  runningSince: number | undefined;
  /** Why the kubelet does not start the container (again), now or ever; undefined: it will. */
  notRestarted: string | undefined;
}

const container = 'postgres';

/** Reasons to wait that pass only after many seconds, or when somebody mends something. Source: the kubelet. */
const longWaits = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** What is looked at of the leader's pod. */
export function leaderPodOf(pod: Pod): LeaderPod {
  const { name = '', uid = '', resourceVersion = '', creationTimestamp, annotations } = pod.metadata;
  const { spec, status } = pod;
  return {
    uid,
    resourceVersion,
    createdIn: secondOf(creationTimestamp) ?? Infinity,
    address: status?.podIP,
    announcedAddress: hostOf(parseMember(name, annotations?.['status']).apiUrl),
    sharesProcesses: spec?.shareProcessNamespace === true || spec?.hostPID === true,
    ended: endedRunsOf(pod),
    runningSince: started(statusOf(pod)?.state?.running),
    notRestarted: notRestarted(pod),
  };
}

function statusOf(pod: Pod) {
  return pod.status?.containerStatuses?.find(({ name }) => name === container);
}

function endedRunsOf(pod: Pod): EndedRun[] {
  const { state, lastState } = statusOf(pod) ?? {};
  const newest = state?.terminated;
  const nextStart = started(state?.running) ?? started(newest);
  return [
    ...(newest === undefined ? [] : [endedRun(newest, undefined)]),
    ...(lastState?.terminated === undefined ? [] : [endedRun(lastState.terminated, nextStart)]),
  ];
}

function endedRun(
  run: NonNullable<ContainerState['terminated']>,
  nextStartedIn: number | undefined,
): EndedRun {
  return {
    id: run.containerID ?? '',
    reason: run.reason ?? '',
    exitCode: run.exitCode,
    startedIn: started(run),
    endedIn: secondOf(run.finishedAt),
    nextStartedIn,
  };
}

/** A container that could not be started has the start of the epoch as its own. */
function started(run: { startedAt?: string } | undefined): number | undefined {
  const second = secondOf(run?.startedAt);
  return second === 0 ? undefined : second;
}

function notRestarted(pod: Pod): string | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return 'the pod is being deleted';
  const { phase, reason } = pod.status ?? {};
  if (phase === 'Failed' || phase === 'Succeeded') return reason ?? `the pod is ${phase}`;
  const waiting = statusOf(pod)?.state?.waiting;
  return waiting !== undefined && longWaits.has(waiting.reason ?? '') ? waiting.reason : undefined;
}

function hostOf(url: string | undefined): string | undefined {
  try {
    return new URL(url ?? '').hostname.replace(/^\[(.*)\]$/, '$1');
  } catch {
    return undefined;
  }
}
