// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
// Rules of https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ on the real registry.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cronJobs, events, jobs } from '@pgherd/kube/objects';
import type { CronJob, Job } from '@pgherd/kube/objects';
import { TestCluster } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

const MINUTE = 60_000;
type Spec = NonNullable<CronJob['spec']>;

const make = (spec: Partial<Spec> = {}): CronJob =>
  cluster.objects.create(cronJobs, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        metadata: { labels: { app: 'tick' }, annotations: { note: 'x' } },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }] } } },
      },
      ...spec,
    },
  });
const cronJob = (): CronJob => {
  const found = cluster.objects.get(cronJobs, 'default', 'tick');
  if (!found) throw new Error('no CronJob tick');
  return found;
};
const change = (spec: Partial<Spec>): void => {
  const present = cronJob();
  cluster.objects.update(cronJobs, { ...present, spec: { ...(present.spec as Spec), ...spec } });
};
const list = (): Job[] => cluster.objects.list(jobs, 'default');
const count = (): number => list().length;
const told = (): string[] => cluster.objects.list(events, 'default').map(({ reason = '' }) => reason);
/** Lets whole minutes begin, one after the other. */
const minutes = async (n: number): Promise<void> => {
  for (let passed = 0; passed < n; passed++) {
    cluster.clock.leap(MINUTE - (cluster.clock.now() % MINUTE) + 200);
    await cluster.settled();
  }
};
/** All pods that wait end like this. */
const endAll = (phase: string): void => {
  for (const [name, each] of Object.entries(cluster.pods()))
    if (each === 'Pending') cluster.run(name, { phase, ready: false });
};
const active = (): string[] => (cronJob().status?.active ?? []).map(({ name = '' }) => name);

test('a Job of the template when its time has come, under the name of the minute', async () => {
  make();
  await cluster.settled();
  expect(count()).toBe(0);
  await minutes(1);
  await cluster.until(count, 1);
  const [job] = list();
  const minute = Math.floor(cluster.clock.now() / MINUTE);
  const due = new Date(minute * MINUTE).toISOString().replace('.000Z', 'Z');
  expect(job?.metadata).toMatchObject({
    name: `tick-${minute}`,
    labels: { app: 'tick' },
    annotations: { note: 'x', 'batch.kubernetes.io/cronjob-scheduled-timestamp': due },
    ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
  });
  expect(job?.spec).toMatchObject({ parallelism: 1, completions: 1, backoffLimit: 6 });
  expect(cronJob().status).toMatchObject({
    lastScheduleTime: due,
    active: [{ apiVersion: 'batch/v1', kind: 'Job', name: `tick-${minute}`, uid: job?.metadata.uid }],
  });
  endAll('Succeeded');
  await cluster.until(active, []);
  expect(cronJob().status?.lastSuccessfulTime).toBeDefined();
  expect(told()).toEqual(expect.arrayContaining(['SuccessfulCreate', 'SawCompletedJob']));
});

test('Allow starts beside, Forbid waits, Replace ends what still runs', async () => {
  make();
  await minutes(2);
  await cluster.until(() => active().length, 2);
  change({ concurrencyPolicy: 'Forbid' });
  await minutes(2);
  expect(active()).toHaveLength(2);
  expect(told()).toContain('JobAlreadyActive');
  change({ concurrencyPolicy: 'Replace' });
  await minutes(1);
  await cluster.until(() => active().length, 1);
  expect(list().map(({ metadata }) => metadata.name)).toEqual(active());
});

test('suspended: nothing starts; resumed, the last time that was missed counts', async () => {
  make({ suspend: true });
  await minutes(3);
  expect(count()).toBe(0);
  change({ suspend: false });
  await cluster.until(count, 1);
});

test('what is missed for longer than startingDeadlineSeconds is left out', async () => {
  make({ suspend: true, startingDeadlineSeconds: 10 });
  await minutes(1);
  cluster.clock.leap(30_000);
  change({ suspend: false });
  await cluster.settled();
  expect(count()).toBe(0);
  await minutes(1);
  await cluster.until(count, 1);
});

test('a controller that was away for long starts one Job, and tells', async () => {
  make({ suspend: true });
  cluster.clock.leap(200 * MINUTE);
  change({ suspend: false });
  await cluster.until(count, 1);
  expect(told()).toContain('TooManyMissedTimes');
});

test('of the ended Jobs the last ones stay', async () => {
  make({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
  for (let n = 0; n < 3; n++) {
    await minutes(1);
    endAll('Succeeded');
    await cluster.until(active, []);
  }
  await cluster.until(count, 1);
  const [kept] = list();
  change({
    jobTemplate: { spec: { ...(cronJob().spec as Spec).jobTemplate.spec, backoffLimit: 0 } as never },
  });
  await minutes(1);
  endAll('Failed');
  await cluster.until(active, []);
  await cluster.until(() => list().map(({ metadata }) => metadata.name), [kept?.metadata.name]);
});

test('another schedule makes up for nothing that it would have had', async () => {
  make({ schedule: '0 0 1 1 *' });
  await cluster.settled();
  cluster.clock.leap(5 * MINUTE);
  change({ schedule: '* * * * *' });
  await cluster.settled();
  expect(count()).toBe(0);
  await minutes(1);
  await cluster.until(count, 1);
});

test('a restart starts nothing twice', async () => {
  make();
  await minutes(1);
  await cluster.until(count, 1);
  await cluster.restart();
  await cluster.settled();
  expect(count()).toBe(1);
  expect(told()).not.toContain('UnexpectedJob');
});

test('its Jobs go with it', async () => {
  make();
  await minutes(1);
  await cluster.until(count, 1);
  cluster.registry.delete(cronJobs, 'default', 'tick');
  await cluster.until(count, 0);
  await cluster.until(() => cluster.pods(), {});
});
