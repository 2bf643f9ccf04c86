import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '@pgherd/kube/objects';
import type { RuntimeContainer } from './runtime.ts';

/** Why a container does not run. */
export interface Waiting {
  reason: string;
  message?: string;
}

/** What the node agent knows about a pod's containers at one moment. */
export interface Observation {
  engine: 'podman' | 'docker';
  /** Attempts of each container, oldest first. */
  containers: ReadonlyMap<string, readonly RuntimeContainer[]>;
  /** Containers that are to be started, but cannot be now. */
  waiting: ReadonlyMap<string, Waiting>;
  /** Container ids whose startup probe succeeded (or that have none). */
  started: ReadonlySet<string>;
  /** Container ids that are ready. */
  ready: ReadonlySet<string>;
  /** Termination messages by container id. */
  messages: ReadonlyMap<string, string>;
  /** The sandbox runs and has an address. */
  sandboxReady: boolean;
  podIp: string;
  hostIp: string;
  /** Set when the pod as a whole was ended, e.g. `DeadlineExceeded`. */
  failure?: { reason: string; message: string };
  /** Milliseconds since 1970. */
  now: number;
}

/** RFC 3339 in whole seconds, as Kubernetes' times are. */
export function toSeconds(time: string | number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Whether an init container is a sidecar, which runs as long as the pod. */
export function isSidecar(container: Container): boolean {
  return (container as { restartPolicy?: string }).restartPolicy === 'Always';
}

/** The status of a pod as a kubelet writes it. Pure; conditions of others are kept. */
export function podStatus(pod: Pod, seen: Observation): PodStatus {
  const spec = pod.spec;
  const old = pod.status ?? {};
  const initSpecs = spec?.initContainers ?? [];
  const appSpecs = spec?.containers ?? [];
  const initStatuses = initSpecs.map((container) => containerStatus(container, pod, seen, 'init'));
  const initialized = isInitialized(initSpecs, initStatuses, appSpecs, seen);
  const appStatuses = appSpecs.map((container) =>
    containerStatus(container, pod, seen, initialized || initSpecs.length === 0 ? 'app' : 'initializing'),
  );
  const phase =
    seen.failure === undefined ? phaseOf(pod, initSpecs, initStatuses, appStatuses, initialized) : 'Failed';
  const status: PodStatus = {
    ...old,
    phase,
    conditions: conditions(pod, phase, initialized, initSpecs, initStatuses, appStatuses, seen),
    startTime: old.startTime ?? toSeconds(seen.now),
    hostIP: seen.hostIp,
    containerStatuses: appStatuses,
    qosClass: old.qosClass ?? 'BestEffort',
  };
  (status as { hostIPs?: object[] }).hostIPs = [{ ip: seen.hostIp }];
  if (initSpecs.length > 0) status.initContainerStatuses = initStatuses;
  if (seen.podIp !== '') {
    status.podIP = seen.podIp;
    status.podIPs = [{ ip: seen.podIp }];
  }
  if (seen.failure !== undefined) Object.assign(status, seen.failure);
  return status;
}

function containerStatus(
  container: Container,
  pod: Pod,
  seen: Observation,
  stage: 'init' | 'initializing' | 'app',
): ContainerStatus {
  const attempts = seen.containers.get(container.name) ?? [];
  const current = attempts.at(-1);
  const previous = attempts.at(-2);
  const old = oldStatus(pod, container.name);
  const waiting = seen.waiting.get(container.name);
  const terminated =
    current === undefined || current.state === 'running' ? undefined : terminatedState(current, seen);

  let state: ContainerState;
  let lastState: ContainerState =
    previous === undefined ? (old?.lastState ?? {}) : terminatedState(previous, seen);
  if (current?.state === 'running') {
    state = { running: { startedAt: toSeconds(current.startedAt) } };
  } else if (terminated !== undefined && waiting === undefined) {
    state = terminated;
  } else if (current === undefined && stage === 'app' && old !== undefined && isOver(pod, old)) {
    state = lost(old) ?? {};
  } else {
    const reason = stage === 'app' ? 'ContainerCreating' : 'PodInitializing';
    state = { waiting: waiting === undefined ? { reason } : { ...waiting } };
    // A container that is gone from the engine is known from the status alone.
    if (terminated !== undefined) lastState = terminated;
    else if (old?.state !== undefined) lastState = lost(old) ?? lastState;
  }
  const running = current?.state === 'running';
  const started = running && seen.started.has(current.id);
  const finished = stage === 'init' && !isSidecar(container) && state.terminated?.exitCode === 0;
  return {
    name: container.name,
    state,
    lastState,
    ready: finished || (running && seen.ready.has(current.id) && (stage !== 'init' || isSidecar(container))),
    restartCount: current?.attempt ?? old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: current?.imageId ?? old?.imageID ?? '',
    ...(current === undefined
      ? old?.containerID === undefined
        ? {}
        : { containerID: old.containerID }
      : { containerID: `${seen.engine}://${current.id}` }),
    started: stage === 'init' && !isSidecar(container) ? running : started,
  };
}

/** How a container ended that the engine no longer has, from its status alone. */
export function lost(old: ContainerStatus): ContainerState | undefined {
  if (old.state?.terminated !== undefined) return { terminated: old.state.terminated };
  const running = old.state?.running;
  if (running === undefined) return undefined;
  return {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
      ...(old.containerID === undefined ? {} : { containerID: old.containerID }),
      ...(running.startedAt === undefined ? {} : { startedAt: running.startedAt }),
    },
  };
}

/** Whether a container that the engine no longer has will not be started again. */
function isOver(pod: Pod, old: ContainerStatus): boolean {
  const exitCode = lost(old)?.terminated?.exitCode;
  if (exitCode === undefined) return false;
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return true;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Never' || (policy === 'OnFailure' && exitCode === 0);
}

export function oldStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses].find((each) => each.name === name);
}

function terminatedState(container: RuntimeContainer, seen: Observation): ContainerState {
  const containerID = `${seen.engine}://${container.id}`;
  const epoch = '1970-01-01T00:00:00Z';
  if (container.startedAt === '') {
    const message = container.startError ?? '';
    return {
      terminated: {
        exitCode: 128,
        reason: 'StartError',
        ...(message === '' ? {} : { message }),
        startedAt: epoch,
        finishedAt: toSeconds(seen.now),
        containerID,
      },
    };
  }
  const message = seen.messages.get(container.id);
  const reason = container.oomKilled ? 'OOMKilled' : container.exitCode === 0 ? 'Completed' : 'Error';
  return {
    terminated: {
      exitCode: container.exitCode,
      reason,
      ...(message ? { message } : {}),
      startedAt: toSeconds(container.startedAt),
      finishedAt: toSeconds(container.finishedAt || seen.now),
      containerID,
    },
  };
}

/** All init containers have ended well and sidecars have started, or the pod's own containers were begun already. */
function isInitialized(
  specs: readonly Container[],
  statuses: readonly ContainerStatus[],
  apps: readonly Container[],
  seen: Observation,
): boolean {
  if (apps.some((container) => (seen.containers.get(container.name) ?? []).length > 0)) return true;
  return specs.every((container, index) => {
    const status = statuses[index];
    return isSidecar(container) ? status?.started === true : status?.state?.terminated?.exitCode === 0;
  });
}

function phaseOf(
  pod: Pod,
  initSpecs: readonly Container[],
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  initialized: boolean,
): string {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return pod.status.phase;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (!initialized) {
    const failed = initSpecs.some((container, index) => {
      const exitCode = initStatuses[index]?.state?.terminated?.exitCode;
      return !isSidecar(container) && exitCode !== undefined && exitCode !== 0;
    });
    return failed && policy === 'Never' ? 'Failed' : 'Pending';
  }
  const ended = statuses.filter(
    (each) => each.state?.terminated ?? (each.state?.waiting && each.lastState?.terminated),
  );
  const running = statuses.filter((each) => each.state?.running);
  if (ended.length + running.length < statuses.length) return 'Pending';
  if (running.length > 0 || policy === 'Always') return 'Running';
  const exits = statuses.map((each) => (each.state?.terminated ?? each.lastState?.terminated)?.exitCode ?? 0);
  if (exits.every((code) => code === 0)) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function conditions(
  pod: Pod,
  phase: string,
  initialized: boolean,
  initSpecs: readonly Container[],
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  seen: Observation,
): PodCondition[] {
  const sidecars = initStatuses.filter((_, index) => isSidecar(initSpecs[index] ?? { name: '' }));
  const unready = [...sidecars, ...statuses].filter((each) => !each.ready).map((each) => each.name);
  const done = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : undefined;
  const containersReady: [string, string?, string?] =
    done !== undefined
      ? ['False', done]
      : unready.length > 0
        ? ['False', 'ContainersNotReady', `containers with unready status: [${unready.join(' ')}]`]
        : ['True'];
  const incomplete = initStatuses
    .filter((each) => !(each.state?.terminated?.exitCode === 0))
    .map((each) => each.name);
  const initializedCondition: [string, string?, string?] =
    initialized || phase === 'Succeeded'
      ? phase === 'Succeeded'
        ? ['True', 'PodCompleted']
        : ['True']
      : ['False', 'ContainersNotInitialized', `containers with incomplete status: [${incomplete.join(' ')}]`];
  const wanted: [string, ...[string, string?, string?]][] = [
    ['PodReadyToStartContainers', seen.sandboxReady ? 'True' : 'False'],
    ['Initialized', ...initializedCondition],
    ['Ready', ...(containersReady[0] === 'True' ? readinessGates(pod) : containersReady)],
    ['ContainersReady', ...containersReady],
    ['PodScheduled', 'True'],
  ];
  const old = pod.status?.conditions ?? [];
  const own = wanted.map(([type, status, reason, message]) => {
    const before = old.find((condition) => condition.type === type);
    const lastTransitionTime =
      before?.status === status ? (before.lastTransitionTime ?? toSeconds(seen.now)) : toSeconds(seen.now);
    return {
      type,
      status,
      lastTransitionTime,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  });
  const types = new Set(own.map((condition) => condition.type));
  return [...own, ...old.filter((condition) => !types.has(condition.type))];
}

function readinessGates(pod: Pod): [string, string?, string?] {
  const missing = (pod.spec?.readinessGates ?? [])
    .map((gate) => gate.conditionType)
    .filter((type) => !pod.status?.conditions?.some((each) => each.type === type && each.status === 'True'));
  if (missing.length === 0) return ['True'];
  return [
    'False',
    'ReadinessGatesNotReady',
    missing
      .map((type) => `corresponding condition of pod readiness gate "${type}" does not exist.`)
      .join(', '),
  ];
}
