import type { PostgresqlStatus } from '@pgherd/api';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import type { Step } from '../plan/step.ts';
import { testClaim, type TestClaim } from '../testing/claims.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { failedBefore } from './phase.ts';
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
    secrets: [],
    lagOf: () => undefined,
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
      { name: 'acid-demo-1', role: 'replica', state: 'streaming', timeline: 1, lagBytes: 0 },
    ],
  });
  expect(running.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Ready True',
    'Progressing False',
    'Degraded False',
    'Invalid False',
    'Paused False',
    'Postponed False',
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
  expect(condition(status, 'Degraded')?.message).toBe(
    '1 of 2 members stream, not acid-demo-1 (starting): kubectl logs acid-demo-1 -c postgres says why',
  );
  // A member that is being replaced is missing too, and nothing is wrong then.
  expect(status).not.toHaveProperty('lastError');
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

test('what stopped a rolling update is not told a second time as the trouble of its pod', () => {
  const pods = [...healthy.slice(0, 1), testPod({ ordinal: 1, running: false })];
  const trouble = condition(statusOf(pods), 'Degraded')?.message ?? '';
  const failures = [
    { reason: 'RolloutStopped', message: `the rolling update has stopped: ${trouble}. It goes on` },
  ];
  expect(trouble).toContain('acid-demo-1');
  expect(condition(statusOf(pods, { failures }), 'Degraded')?.message).toBe(failures[0]?.message);
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
  const failure = { reason: 'Forbidden', message: 'create secret x: forbidden' };
  const failed = statusOf([], { failures: [failure] });
  expect(failed.PostgresClusterStatus).toBe('CreateFailed');
  expect(failed.lastError).toEqual({ ...failure, since: now });
  expect(condition(failed, 'Degraded')?.message).toBe('create secret x: forbidden');
  const waiting = statusOf([testPod({ ordinal: 0, role: 'primary', running: false })]);
  expect(condition(waiting, 'Degraded')?.message).toContain('kubectl logs acid-demo-0 -c postgres');
  expect(waiting.lastError).toMatchObject({ reason: 'ContainerCrashes' });
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
  expect(invalid.lastError?.reason).toBe('ManifestInvalid');
  expect(statusOf(healthy, { previous: invalid }).PostgresClusterStatus).toBe('Running');
  // Nobody asked for a cluster without members.
  const never = statusOf([], { instances: 0, problems: [problem] });
  expect(condition(never, 'Ready')?.reason).toBe('NoPrimary');
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

test('what fails is an update while the manifest is new, and a synchronisation where it was in force', () => {
  const failures = [{ reason: 'Forbidden', message: 'x' }];
  const sync = statusOf(healthy, { previous: running, failures });
  expect(sync.PostgresClusterStatus).toBe('SyncFailed');
  expect(statusOf(healthy, { previous: sync, failures }).PostgresClusterStatus).toBe('SyncFailed');
  const update = statusOf(healthy, { previous: running, failures, generation: 4 });
  expect(update.PostgresClusterStatus).toBe('UpdateFailed');
  expect(statusOf(healthy, { previous: update, failures, generation: 4 }).PostgresClusterStatus).toBe(
    'UpdateFailed',
  );
  expect(statusOf(healthy, { previous: sync }).PostgresClusterStatus).toBe('Running');
});

test('a StatefulSet whose controller has not seen it yet is not settled', () => {
  const object = {
    metadata: { name: 'acid-demo', namespace: 'default', generation: 2 },
    status: { observedGeneration: 1 },
  } as KubeObject;
  const at = (observedGeneration: number) =>
    testObserved(
      [{ kind: kinds.statefulSet, object: { ...object, status: { observedGeneration } } }],
      healthy,
      { leader: 'acid-demo-0' },
    );
  expect(statusOf(healthy, { previous: running, observed: at(1) }).PostgresClusterStatus).toBe('Updating');
  expect(statusOf(healthy, { previous: running, observed: at(2) }).PostgresClusterStatus).toBe('Running');
});

test('a failure is not forgotten while the same is tried again', () => {
  const failures = [{ reason: 'Forbidden', message: 'x' }];
  const failed = statusOf(healthy, { previous: running, failures });
  expect(failedBefore(failed, 3)).toBe(true);
  expect(failedBefore(failed, 4)).toBe(false);
  expect(failedBefore(running, 3)).toBe(false);
});

test('an error tells since when, and is gone when nothing is wrong', () => {
  const later = '2026-01-02T04:00:00Z';
  const failures = [{ reason: 'Forbidden', message: 'x' }];
  const first = statusOf(healthy, { previous: running, failures });
  const again = statusOf(healthy, {
    previous: first,
    failures: [{ reason: 'Forbidden', message: 'y' }],
    now: later,
  });
  expect(again.lastError).toEqual({ reason: 'Forbidden', message: 'y', since: now });
  expect(statusOf(healthy, { previous: again })).not.toHaveProperty('lastError');
});

test('a Secret without a password is named', () => {
  const { metadata } = { metadata: { name: 's', namespace: 'default' } };
  const secret = { kind: kinds.secret, object: { metadata, data: { username: 'eA==' } } as KubeObject };
  const observed = testObserved([secret], healthy, { leader: 'acid-demo-0' });
  const status = statusOf(healthy, { previous: running, observed, secrets: ['s', 'not-made-yet'] });
  expect(status.lastError?.reason).toBe('SecretIncomplete');
  expect(status.lastError?.message).toContain('Secret s has no username or no password');
});

test('steps are told, bounded in number and length', () => {
  const why = Array.from({ length: 9 }, (_, index) => `${index}${'x'.repeat(500)}`);
  const steps = Array.from({ length: 30 }, () => ({ ...step, why, waitFor: 'acid-demo-2 streams' }));
  const status = statusOf(healthy, { previous: running, plan: { tracks: [{ name: 'pods', steps }] } });
  expect(status.stepsLeft).toBe(30);
  expect(status.steps).toHaveLength(20);
  expect(status.steps?.[0]).toMatchObject({
    what: 'replace pod acid-demo-1',
    disturbs: 'restart',
    waitFor: 'acid-demo-2 streams',
  });
  expect(status.steps?.[0]?.why).toHaveLength(6);
  expect(JSON.stringify(status.steps).length).toBeLessThan(20 * 6 * 320);
});

test('a lag is written roughly, for replicas only', () => {
  const lag = { lagOf: (): number => 100 * 1024 * 1024 + 1 };
  const status = statusOf(healthy, { previous: running, ...lag });
  expect(status.members?.map(({ lagBytes }) => lagBytes)).toEqual([undefined, 100 * 1024 * 1024]);
  expect(statusOf(healthy, { previous: status })).toEqual(status);
});

test('a cluster that is taken down is neither ready nor Running', () => {
  const plan = {
    tracks: [{ name: 'deletion' as const, steps: [{ ...step, what: 'delete statefulset acid-demo' }] }],
  };
  const going = statusOf(healthy, { previous: running, instances: 0, plan, isDeleted: true });
  expect(going.PostgresClusterStatus).toBe('Updating');
  expect(condition(going, 'Ready')).toMatchObject({ status: 'False', reason: 'Deleted' });
  expect(condition(going, 'Progressing')).toMatchObject({
    reason: 'Deleting',
    message: 'delete statefulset acid-demo',
  });
});

test('a cluster does not run while a pod of it is not ready', () => {
  const unready = [testPod({ ordinal: 0, role: 'primary' }), testPod({ ordinal: 1, ready: false })];
  expect(statusOf(unready, { previous: running }).PostgresClusterStatus).toBe('Updating');
});

const withClaim = (claim: TestClaim) =>
  statusOf(healthy, { observed: testObserved([testClaim(claim)], healthy, { leader: 'acid-demo-0' }) });

test('a volume that grows is told, and the cluster runs meanwhile', () => {
  const pending = { type: 'FileSystemResizePending', status: 'True' };
  const status = withClaim({ asks: '2Gi', conditions: [pending] });
  expect(status.PostgresClusterStatus).toBe('Running');
  expect(condition(status, 'Progressing')).toMatchObject({
    status: 'True',
    reason: 'VolumesGrowing',
    message:
      'pgdata-acid-demo-0 grows from 1Gi to 2Gi, waiting until the node grows its file system, for which a pod must have it mounted',
  });
  expect(condition(withClaim({ asks: '2Gi', has: '2Gi' }), 'Progressing')?.status).toBe('False');
});

test('a volume that its storage cannot grow is trouble', () => {
  const failed = { type: 'ControllerResizeError', status: 'True', message: 'quota of disks is used up' };
  expect(condition(withClaim({ asks: '2Gi', conditions: [failed] }), 'Degraded')).toMatchObject({
    status: 'True',
    reason: 'VolumeNotGrown',
    message:
      'claim pgdata-acid-demo-0 stays at 1Gi instead of 2Gi: quota of disks is used up; kubectl describe pvc pgdata-acid-demo-0 shows more',
  });
});

test('a paused cluster says so, and what somebody scheduled', () => {
  const observed = testObserved([], healthy, { leader: 'acid-demo-0' });
  expect(condition(running, 'Paused')).toMatchObject({ status: 'False' });
  expect(running.scheduled).toBeUndefined();
  const restart = '2030-01-01T04:00:00+01:00';
  const status = statusOf(healthy, {
    observed: {
      ...observed,
      configuration: { pause: true },
      asked: { leader: 'acid-demo-0', candidate: 'acid-demo-1', scheduledAt: '2030-01-01T03:30:00+00:00' },
      members: observed.members.map((member) => ({ ...member, scheduledRestart: restart })).slice(0, 1),
    },
  });
  expect(condition(status, 'Paused')).toMatchObject({ status: 'True', reason: 'MaintenanceMode' });
  expect(status.scheduled).toEqual([
    { what: 'restart of acid-demo-0', at: restart },
    { what: 'switchover from acid-demo-0 to acid-demo-1', at: '2030-01-01T03:30:00+00:00' },
  ]);
});

test('what waits for a maintenance window is told, and the cluster runs', () => {
  const origin = { version: '1', inputs: 'a' };
  const later: Step = {
    ...step,
    waitFor: 'the maintenance window opens',
    isHeld: true,
    postponed: { at: 1 },
  };
  const plan = { tracks: [{ name: 'pods' as const, steps: [later, step] }] };
  const status = statusOf(healthy, { plan, origin, previous: { origin: { version: '0', inputs: 'b' } } });
  expect(status.PostgresClusterStatus).toBe('Running');
  expect(condition(status, 'Postponed')).toMatchObject({ status: 'True', reason: 'MaintenanceWindow' });
  expect(condition(status, 'Progressing')).toMatchObject({ status: 'False' });
  // Not all is in force yet.
  expect(status.origin).toEqual({ version: '0', inputs: 'b' });
  expect(statusOf(healthy, { origin }).origin).toEqual(origin);
  const sql: Step = { ...step, action: { type: 'sql', address: '', leader: '', fingerprint: '' } };
  const refused = { tracks: [{ name: 'database' as const, steps: [sql] }] };
  expect(statusOf(healthy, { plan: refused, origin }).origin).toEqual(origin);
});

test('a cluster whose writes are stopped is not ready, and says what to do', () => {
  const usage = { size: 100, used: 98, free: 2, wal: undefined, at: 0 };
  const observed = testObserved([testClaim(), testClaim({ ordinal: 1 })], healthy, {
    leader: 'acid-demo-0',
    usage: new Map([
      ['acid-demo-0', usage],
      ['acid-demo-1', usage],
    ]),
  });
  const status = statusOf(healthy, { observed, writesStopped: true });
  expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'WritesStopped' });
  expect(condition(status, 'Degraded')).toMatchObject({ status: 'True', reason: 'WritesStopped' });
  expect(condition(status, 'Degraded')?.message).toMatch(/98 % .* spec\.volume\.size/);
  // Without the brake, e.g. because it is off, both are nearly full.
  const off = statusOf(healthy, { observed });
  expect(condition(off, 'Ready')?.status).toBe('True');
  expect(condition(off, 'Degraded')).toMatchObject({ status: 'True', reason: 'VolumeNearlyFull' });
});
