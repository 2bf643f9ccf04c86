// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
// Rules of https://kubernetes.io/docs/concepts/workloads/controllers/job/ on the real registry.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { events, jobs, pods, serviceAccounts } from '@pgherd/kube/objects';
import type { Job, Pod } from '@pgherd/kube/objects';
import { TestCluster } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

const TRACKING = 'batch.kubernetes.io/job-tracking';
type Spec = NonNullable<Job['spec']>;

const make = (spec: Partial<Spec> = {}, podSpec: object = {}): Job =>
  cluster.objects.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: {
      ...spec,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }], ...podSpec } },
    },
  });
const job = (): Job => {
  const found = cluster.objects.get(jobs, 'default', 'work');
  if (!found) throw new Error('no Job work');
  return found;
};
const status = (): NonNullable<Job['status']> => job().status ?? {};
const change = (spec: Partial<Spec>): void => {
  const present = job();
  cluster.objects.update(jobs, { ...present, spec: { ...(present.spec as Spec), ...spec } });
};
const list = (): Pod[] => cluster.objects.list(pods, 'default');
const names = (phase: string): string[] =>
  Object.entries(cluster.pods())
    .filter(([, each]) => each === phase)
    .map(([name]) => name);
const count = (phase: string) => (): number => names(phase).length;
const end = (name: string | undefined, phase: string): void =>
  cluster.run(name ?? '', { phase, ready: false });
const holding = (): string[] =>
  (status().conditions ?? []).filter((each) => each.status === 'True').map(({ type }) => type);
const told = (): string[] => cluster.objects.list(events, 'default').map(({ reason = '' }) => reason);

test('one pod, tracked, to its end', async () => {
  make();
  await cluster.until(count('Pending'), 1);
  const [pod] = list();
  const uid = job().metadata.uid;
  expect(pod?.metadata).toMatchObject({
    generateName: 'work-',
    finalizers: [TRACKING],
    ownerReferences: [{ kind: 'Job', uid, controller: true }],
    labels: {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'work',
      'controller-uid': uid,
      'job-name': 'work',
    },
  });
  await cluster.until(() => status().active, 1);
  cluster.play();
  await cluster.until(() => status().ready, 1);
  end(names('Running')[0], 'Succeeded');
  await cluster.until(holding, ['Complete']);
  expect(status()).toMatchObject({ succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
  expect(status()).not.toHaveProperty('active');
  expect(status().completionTime).toBeDefined();
  // The pod stays, for its log; nothing keeps it any more.
  expect(list()[0]?.metadata.finalizers).toBeUndefined();
  expect(told()).toContain('Completed');
});

test('parallelism and completions', async () => {
  make({ parallelism: 2, completions: 3 });
  await cluster.until(count('Pending'), 2);
  end(names('Pending')[0], 'Succeeded');
  await cluster.until(count('Pending'), 2);
  end(names('Pending')[0], 'Succeeded');
  await cluster.until(() => status().succeeded, 2);
  await cluster.settled();
  expect(count('Pending')()).toBe(1);
  change({ parallelism: 0 });
  await cluster.until(count('Pending'), 0);
  // What was too much is no failure.
  expect(status().failed).toBeUndefined();
  change({ parallelism: 5 });
  await cluster.until(count('Pending'), 1);
  end(names('Pending')[0], 'Succeeded');
  await cluster.until(holding, ['Complete']);
  expect(status().succeeded).toBe(3);
});

test('a work queue: after the first success no pod is added, and the last ends it', async () => {
  make({ parallelism: 2 });
  await cluster.until(count('Pending'), 2);
  const [first, second] = names('Pending');
  end(first, 'Succeeded');
  await cluster.until(() => status().succeeded, 1);
  expect(holding()).toEqual([]);
  end(second, 'Failed');
  await cluster.until(holding, ['Complete']);
  expect(status()).toMatchObject({ succeeded: 1, failed: 1 });
  expect(list()).toHaveLength(2);
});

test('failures are repeated after growing pauses, up to the limit', async () => {
  make({ backoffLimit: 2 });
  for (const pause of [10_000, 20_000]) {
    await cluster.until(count('Pending'), 1);
    end(names('Pending')[0], 'Failed');
    await cluster.until(() => status().active ?? 0, 0);
    cluster.clock.leap(pause - 3000);
    await cluster.settled();
    expect(count('Pending')()).toBe(0);
    cluster.clock.leap(3000);
  }
  await cluster.until(count('Pending'), 1);
  end(names('Pending')[0], 'Failed');
  await cluster.until(holding, ['Failed']);
  expect(status().conditions?.[0]).toMatchObject({
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
  });
  expect(status().failed).toBe(3);
  expect(told()).toContain('BackoffLimitExceeded');
});

test('OnFailure: restarts count', async () => {
  make({ backoffLimit: 2 }, { restartPolicy: 'OnFailure' });
  await cluster.until(count('Pending'), 1);
  cluster.play();
  const [pod] = list();
  const containerStatuses = [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 2 }];
  cluster.objects.updateStatus(pods, { ...pod, status: { ...pod?.status, containerStatuses } } as Pod);
  await cluster.until(holding, ['Failed']);
  await cluster.until(count('Terminating'), 1);
  expect(status().failed).toBe(1);
});

test('a Job that lasts too long is ended with its pods', async () => {
  make({ activeDeadlineSeconds: 60, parallelism: 2, completions: 2 });
  await cluster.until(count('Pending'), 2);
  cluster.play();
  await cluster.until(() => status().ready, 2);
  cluster.clock.leap(60_000);
  await cluster.until(holding, ['Failed']);
  expect(status().conditions?.[0]?.reason).toBe('DeadlineExceeded');
  expect(status()).toMatchObject({ failed: 2, ready: 0 });
  expect(count('Terminating')()).toBe(2);
  cluster.play();
  await cluster.until(() => list().length, 0);
});

test('suspended: no pods, no deadline; resumed: both anew', async () => {
  make({ suspend: true, activeDeadlineSeconds: 60 });
  await cluster.until(holding, ['Suspended']);
  expect(status().startTime).toBeUndefined();
  expect(list()).toEqual([]);
  change({ suspend: false });
  await cluster.until(count('Pending'), 1);
  expect(holding()).toEqual([]);
  const started = status().startTime;
  expect(started).toBeDefined();
  cluster.clock.leap(30_000);
  change({ suspend: true });
  await cluster.until(() => list().length, 0);
  expect(status().failed).toBeUndefined();
  cluster.clock.leap(60_000);
  change({ suspend: false });
  await cluster.until(count('Pending'), 1);
  expect(Date.parse(status().startTime ?? '')).toBeGreaterThan(Date.parse(started ?? ''));
  expect(told()).toEqual(expect.arrayContaining(['Suspended', 'Resumed']));
});

test('a pod that somebody deletes counts as failed, and is replaced', async () => {
  make();
  await cluster.until(count('Pending'), 1);
  cluster.play();
  await cluster.until(() => status().ready, 1);
  cluster.registry.delete(pods, 'default', names('Running')[0] ?? '');
  await cluster.until(() => status().failed, 1);
  cluster.clock.leap(11_000);
  await cluster.until(count('Pending'), 1);
});

test('podReplacementPolicy Failed waits for the end of what terminates', async () => {
  make({ podReplacementPolicy: 'Failed' });
  await cluster.until(count('Pending'), 1);
  cluster.play();
  const [name = ''] = names('Running');
  cluster.registry.delete(pods, 'default', name);
  await cluster.until(() => status().terminating, 1);
  cluster.clock.leap(60_000);
  await cluster.settled();
  expect(Object.keys(cluster.pods())).toEqual([name]);
  end(name, 'Failed');
  await cluster.until(() => status().failed, 1);
  cluster.clock.leap(60_000);
  await cluster.until(count('Pending'), 1);
});

test('ended Jobs go when their time is over, with their pods', async () => {
  make({ ttlSecondsAfterFinished: 100 });
  await cluster.until(count('Pending'), 1);
  end(names('Pending')[0], 'Succeeded');
  await cluster.until(holding, ['Complete']);
  cluster.clock.leap(90_000);
  await cluster.settled();
  expect(list()).toHaveLength(1);
  cluster.clock.leap(11_000);
  await cluster.until(() => cluster.objects.list(jobs, 'default'), []);
  await cluster.until(list, []);
});

test.each(['Background', 'Foreground'] as const)(
  'deletion in the %s takes the pods along',
  async (policy) => {
    make();
    await cluster.until(count('Pending'), 1);
    cluster.registry.delete(jobs, 'default', 'work', { propagationPolicy: policy });
    await cluster.until(() => cluster.objects.list(jobs, 'default'), []);
    await cluster.until(list, []);
  },
);

test.each([{ propagationPolicy: 'Orphan' } as const, {}])(
  'deletion with %j leaves the pods',
  async (options) => {
    make();
    await cluster.until(count('Pending'), 1);
    cluster.registry.delete(jobs, 'default', 'work', options);
    await cluster.until(() => cluster.objects.list(jobs, 'default'), []);
    // Nobody counts the orphans any more: nothing keeps them.
    await cluster.until(() => list()[0]?.metadata.finalizers, undefined);
    expect(list()[0]?.metadata.ownerReferences).toBeUndefined();
  },
);

test('pods that cannot be made are told, and made later', async () => {
  cluster.registry.delete(serviceAccounts, 'default', 'default');
  make({}, { serviceAccountName: 'absent' });
  await cluster.until(() => told().includes('FailedCreate'), true);
  cluster.objects.create(serviceAccounts, { metadata: { name: 'absent', namespace: 'default' } });
  await cluster.until(count('Pending'), 1);
});

test('a restart of everything counts nothing twice', async () => {
  make({ parallelism: 3, completions: 3 });
  await cluster.until(count('Pending'), 3);
  const [first, second, third] = names('Pending');
  end(first, 'Succeeded');
  end(second, 'Succeeded');
  await cluster.restart();
  await cluster.until(() => status().succeeded, 2);
  await cluster.restart();
  end(third, 'Succeeded');
  await cluster.until(holding, ['Complete']);
  expect(status()).toMatchObject({ succeeded: 3, uncountedTerminatedPods: {} });
});
