import type { Pod, PodSpec, PodStatus } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import type { RuntimeContainer } from './runtime.ts';
import { podStatus } from './status.ts';
import type { Observation } from './status.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');

function container(name: string, fields: Partial<RuntimeContainer> = {}): RuntimeContainer {
  return {
    id: `id-${name}-${fields.attempt ?? 0}`,
    podUid: 'u',
    podName: 'p',
    podNamespace: 'default',
    container: name,
    attempt: 0,
    specHash: '',
    gracePeriod: 30,
    state: 'running',
    pid: 1,
    exitCode: 0,
    oomKilled: false,
    startedAt: '2026-01-02T03:00:00.123456789Z',
    finishedAt: '',
    image: 'i',
    imageId: 'sha256:1',
    ip: '',
    tty: false,
    ...fields,
  };
}
const exited = (name: string, exitCode: number, fields: Partial<RuntimeContainer> = {}): RuntimeContainer =>
  container(name, { state: 'exited', exitCode, finishedAt: '2026-01-02T03:01:00.9Z', ...fields });

function statusOf(
  containers: RuntimeContainer[],
  options: { spec?: Partial<PodSpec>; old?: PodStatus; seen?: Partial<Observation> } = {},
): PodStatus {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'a', image: 'i' }], ...options.spec },
    ...(options.old ? { status: options.old } : {}),
  };
  const byName = new Map<string, RuntimeContainer[]>();
  for (const each of containers)
    byName.set(each.container ?? '', [...(byName.get(each.container ?? '') ?? []), each]);
  const running = new Set(containers.filter((each) => each.state === 'running').map((each) => each.id));
  return podStatus(pod, {
    engine: 'podman',
    containers: byName,
    waiting: new Map(),
    started: running,
    ready: running,
    messages: new Map(),
    sandboxReady: true,
    podIp: '10.0.0.2',
    hostIp: '10.0.0.1',
    now,
    ...options.seen,
  });
}
const conditionOf = (status: PodStatus, type: string) =>
  status.conditions?.find((each) => each.type === type);

test('before its containers are made a pod is pending', () => {
  const status = statusOf([]);
  expect(status.phase).toBe('Pending');
  expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
  expect(conditionOf(status, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [a]',
  });
});

test('a running container: times in whole seconds, id with the engine', () => {
  const status = statusOf([container('a')]);
  expect(status).toMatchObject({ phase: 'Running', podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }] });
  expect(status.containerStatuses?.[0]).toMatchObject({
    containerID: 'podman://id-a-0',
    state: { running: { startedAt: '2026-01-02T03:00:00Z' } },
    started: true,
    ready: true,
  });
  expect(conditionOf(status, 'Ready')?.status).toBe('True');
});

test.each([
  ['Always', 0, 'Running'],
  ['Always', 1, 'Running'],
  ['OnFailure', 0, 'Succeeded'],
  ['OnFailure', 1, 'Running'],
  ['Never', 0, 'Succeeded'],
  ['Never', 1, 'Failed'],
])('restartPolicy %s, exit code %i: phase %s', (restartPolicy, code, phase) => {
  expect(statusOf([exited('a', code)], { spec: { restartPolicy } }).phase).toBe(phase);
});

test('out of memory is said, and the message is shown', () => {
  const status = statusOf([exited('a', 137, { oomKilled: true })], {
    seen: { messages: new Map([['id-a-0', 'last words']]) },
  });
  expect(status.containerStatuses?.[0]?.state?.terminated).toEqual({
    exitCode: 137,
    reason: 'OOMKilled',
    message: 'last words',
    startedAt: '2026-01-02T03:00:00Z',
    finishedAt: '2026-01-02T03:01:00Z',
    containerID: 'podman://id-a-0',
  });
});

test('crash loop: it waits, and its end is the last state', () => {
  const waiting = new Map([['a', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
  const status = statusOf([exited('a', 1), exited('a', 2, { attempt: 1 })], { seen: { waiting } });
  expect(status.phase).toBe('Running');
  expect(status.containerStatuses?.[0]).toMatchObject({
    restartCount: 1,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 2 } },
  });
});

test('what the engine lost is known from the status', () => {
  const before = statusOf([container('a', { attempt: 3 })]);
  const after = statusOf([], { old: before });
  expect(after.containerStatuses?.[0]).toMatchObject({
    restartCount: 3,
    lastState: {
      terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', containerID: 'podman://id-a-3' },
    },
  });
});

test('init containers come first, a failed one fails the pod only with Never', () => {
  const spec = { initContainers: [{ name: 'i' }] };
  const before = statusOf([container('i')], { spec });
  expect(before.phase).toBe('Pending');
  expect(before.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  expect(conditionOf(before, 'Initialized')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
  });
  expect(statusOf([exited('i', 1)], { spec }).phase).toBe('Pending');
  expect(statusOf([exited('i', 1)], { spec: { ...spec, restartPolicy: 'Never' } }).phase).toBe('Failed');
  const after = statusOf([exited('i', 0), container('a')], { spec });
  expect(after.phase).toBe('Running');
  expect(after.initContainerStatuses?.[0]?.ready).toBe(true);
});

test('transition times change with the status alone, conditions of others stay', () => {
  const first = statusOf([container('a')]);
  const other = { type: 'example.com/other', status: 'True' };
  const second = statusOf([container('a')], {
    old: { ...first, conditions: [...(first.conditions ?? []), other] },
    seen: { ready: new Set(), now: now + 60_000 },
  });
  expect(conditionOf(second, 'Initialized')?.lastTransitionTime).toBe('2026-01-02T03:04:05Z');
  expect(conditionOf(second, 'Ready')?.lastTransitionTime).toBe('2026-01-02T03:05:05Z');
  expect(conditionOf(second, 'example.com/other')).toEqual(other);
});

test('readiness gates hold the pod back, not its containers', () => {
  const status = statusOf([container('a')], { spec: { readinessGates: [{ conditionType: 'x.io/y' }] } });
  expect(conditionOf(status, 'ContainersReady')?.status).toBe('True');
  expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
});

test('what the engine lost and must not run again has ended, and stays so', () => {
  const spec = { restartPolicy: 'Never' };
  const before = statusOf([container('a')], { spec });
  const after = statusOf([], { spec, old: before });
  expect(after.phase).toBe('Failed');
  expect(after.containerStatuses?.[0]?.state).toMatchObject({
    terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', containerID: 'podman://id-a-0' },
  });
  expect(statusOf([], { spec, old: after })).toEqual(after);
});
