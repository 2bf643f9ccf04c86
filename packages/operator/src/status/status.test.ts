import type { PostgresqlStatus } from '@pgherd/api';
import type { Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import type { Step } from '../plan/step.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { computeStatus, type StatusInput } from './status.ts';

const now = '2026-01-02T03:04:05Z';

function statusOf(pods: Pod[], more: Partial<StatusInput> & { leader?: string } = {}): PostgresqlStatus {
  const { leader = 'acid-demo-0', ...input } = more;
  return computeStatus({
    generation: 3,
    previous: {},
    observed: testObserved([], pods, { leader }),
    instances: 2,
    plan: { tracks: [] },
    problems: [],
    failures: [],
    now,
    ...input,
  });
}

function condition(status: PostgresqlStatus, type: string) {
  return status.conditions?.find((each) => each.type === type);
}

const healthy = [testPod({ ordinal: 0, role: 'primary' }), testPod({ ordinal: 1 })];
const running = statusOf(healthy, { previous: { PostgresClusterStatus: 'Creating' } });

const step: Step = {
  what: 'replace pod acid-demo-1',
  why: [],
  disturbs: 'restart',
  action: { type: 'restart', member: '', address: '' },
};

test('a cluster runs when every member streams and nothing is left to do', () => {
  expect(running).toMatchObject({
    PostgresClusterStatus: 'Running',
    observedGeneration: 3,
    instances: 2,
    readyInstances: 2,
    primary: 'acid-demo-0',
    members: [
      { name: 'acid-demo-0', role: 'primary', state: 'running', timeline: 1 },
      { name: 'acid-demo-1', role: 'replica', state: 'streaming', timeline: 1 },
    ],
  });
  expect(running.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Ready True',
    'Progressing False',
    'Degraded False',
    'Invalid False',
  ]);
});

test('a new cluster is being created until it runs for the first time', () => {
  expect(statusOf([]).PostgresClusterStatus).toBe('Creating');
  expect(statusOf([healthy[0] as Pod]).PostgresClusterStatus).toBe('Creating');
  expect(
    statusOf(healthy, { plan: { tracks: [{ name: 'pods', steps: [step] }] } }).PostgresClusterStatus,
  ).toBe('Creating');
});

test('a replica that does not stream makes the cluster degraded and not Running, but ready', () => {
  const status = statusOf([healthy[0] as Pod, testPod({ ordinal: 1, streaming: false })], {
    previous: running,
  });
  expect(status.PostgresClusterStatus).toBe('Updating');
  expect(condition(status, 'Ready')?.status).toBe('True');
  expect(condition(status, 'Degraded')?.status).toBe('True');
});

test('a member that was only added does not make the cluster degraded', () => {
  const added = [...healthy, testPod({ ordinal: 2, streaming: false })];
  const status = statusOf(added, { previous: running, instances: 3 });
  expect(status.PostgresClusterStatus).toBe('Updating');
  expect(condition(status, 'Degraded')?.status).toBe('False');
  const lost = statusOf([healthy[0] as Pod, ...added.slice(2)], { previous: status, instances: 3 });
  expect(condition(lost, 'Degraded')).toMatchObject({ status: 'True', reason: 'MembersMissing' });
  expect(condition(statusOf(added, { previous: lost, instances: 3 }), 'Degraded')?.status).toBe('True');
  const crashed = statusOf([...healthy.slice(0, 1), testPod({ ordinal: 1, running: false })], {
    previous: running,
  });
  expect(condition(crashed, 'Degraded')?.reason).toBe('PodsWaiting');
  const starting = [...healthy.slice(0, 1), testPod({ ordinal: 1, streaming: false })];
  expect(condition(statusOf(starting, { previous: crashed }), 'Degraded')?.reason).toBe('MembersMissing');
});

test('members that go are named', () => {
  const status = statusOf(healthy, { previous: running, instances: 1 });
  expect(condition(status, 'Progressing')?.message).toBe('acid-demo-1 on the way out');
  expect(condition(status, 'Ready')?.message).toBe('acid-demo-0 is primary, 2 members stream, 1 wanted');
});

test('without a primary the cluster is not ready', () => {
  const status = statusOf(healthy, { previous: running, leader: 'acid-demo-7' });
  expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'NoPrimary' });
  expect(status).not.toHaveProperty('primary');
});

test('what failed is named, and so is a pod that cannot start', () => {
  const failed = statusOf([], { failures: ['create secret x: forbidden'] });
  expect(failed.PostgresClusterStatus).toBe('CreateFailed');
  expect(condition(failed, 'Degraded')?.message).toBe('create secret x: forbidden');
  expect(statusOf(healthy, { previous: running, failures: ['x'] }).PostgresClusterStatus).toBe(
    'UpdateFailed',
  );
  const waiting = statusOf([testPod({ ordinal: 0, role: 'primary', running: false })]);
  expect(condition(waiting, 'Degraded')?.message).toBe('acid-demo-0: CrashLoopBackOff');
});

test('an invalid manifest says what to change, and repairing it goes on', () => {
  const problem = {
    severity: 'error' as const,
    field: 'spec.users.a',
    message: 'login and nologin contradict.',
  };
  const invalid = statusOf(healthy, { previous: running, problems: [problem] });
  expect(invalid.PostgresClusterStatus).toBe('Invalid');
  expect(condition(invalid, 'Invalid')?.message).toContain('spec.users.a: login and nologin contradict.');
  expect(statusOf(healthy, { previous: invalid }).PostgresClusterStatus).toBe('Running');
});

test('nothing changes while nothing happens, and times only with the answer', () => {
  const later = '2026-01-02T04:00:00Z';
  expect(statusOf(healthy, { previous: running, now: later })).toEqual(running);
  const broken = statusOf(healthy, { previous: running, now: later, leader: 'acid-demo-7' });
  expect(condition(broken, 'Ready')?.lastTransitionTime).toBe(later);
  expect(condition(broken, 'Invalid')?.lastTransitionTime).toBe(now);
});

test('a stopped cluster runs when its pods are gone', () => {
  expect(statusOf([], { instances: 0 }).PostgresClusterStatus).toBe('Running');
  expect(statusOf(healthy, { instances: 0 }).PostgresClusterStatus).toBe('Creating');
});
