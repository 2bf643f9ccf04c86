import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
const lab = useLab('cron-jobs');
const path = (...rest: string[]): string => lab.in('batch/v1', 'cronjobs', ...rest);
const jobs = async (): Promise<Loose[]> => (await lab.ok('GET', lab.in('batch/v1', 'jobs'))).items;

const cronJob = (name: string, spec: object = {}, command = 'true'): Loose => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: {
    schedule: '* * * * *',
    jobTemplate: {
      metadata: { labels: { made: 'by-schedule' } },
      spec: {
        template: {
          spec: {
            restartPolicy: 'OnFailure',
            containers: [
              {
                name: 'main',
                image: lab.image,
                imagePullPolicy: 'IfNotPresent',
                command: ['sh', '-c', command],
              },
            ],
          },
        },
      },
    },
    ...spec,
  },
});

test('makes a Job each time, and keeps the last ones (cron-jobs/#example, #jobs-history-limits)', async () => {
  const made = await lab.ok('POST', path(), cronJob('ticks', { successfulJobsHistoryLimit: 1 }));
  expect(made.spec).toMatchObject({ concurrencyPolicy: 'Allow', suspend: false, failedJobsHistoryLimit: 1 });
  const job = await eventually('a Job is made', async () => (await jobs())[0], { timeoutMs: 90_000 });
  expect(job.metadata.name).toMatch(/^ticks-\d+$/);
  expect(job.metadata.labels['made']).toBe('by-schedule');
  expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'ticks', controller: true }]);
  const { status } = await eventually('its success is told', async () => {
    const found = await lab.ok('GET', path('ticks'));
    return found.status.lastSuccessfulTime ? found : undefined;
  });
  const minute = Number(job.metadata.name.split('-')[1]);
  expect(Date.parse(status.lastScheduleTime)).toBe(minute * 60_000);
  expect(status.active).toBeUndefined();
  await lab.ok('DELETE', path('ticks'));
  await eventually('its Jobs go with it', async () => (await jobs()).length === 0);
});

test('suspended it makes none (cron-jobs/#schedule-suspension); a Job of it can be made by hand', async () => {
  await lab.ok('POST', path(), cronJob('held', { suspend: true, schedule: '@every 1s' }));
  await lab.ok('PATCH', path('held'), { metadata: { annotations: { touched: 'yes' } } }, patchTypes.merge);
  const { spec, metadata } = await lab.ok('GET', path('held'));
  expect(await jobs()).toEqual([]);
  const reference = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    name: 'held',
    uid: metadata.uid,
    controller: true,
  };
  await lab.ok('POST', lab.in('batch/v1', 'jobs'), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'by-hand', ownerReferences: [reference] },
    spec: spec.jobTemplate.spec,
  });
  await eventually('it is done', async () => (await jobs())[0].status.succeeded === 1);
});

test('what cannot be is refused (cron-jobs/#writing-a-cronjob-spec, #cronjob-limitations)', async () => {
  const refused = async (object: Loose): Promise<string[]> => {
    const { code, body } = await lab.request('POST', path(), { body: object });
    expect(code).toBe(422);
    return body.details.causes.map((cause: Loose) => cause.field);
  };
  expect(await refused(cronJob('refused', { schedule: '* * * *' }))).toEqual(['spec.schedule']);
  expect(await refused(cronJob('refused', { schedule: 'TZ=UTC * * * * *' }))).toEqual(['spec.schedule']);
  expect(await refused(cronJob('refused', { timeZone: 'Mars/Base' }))).toEqual(['spec.timeZone']);
  expect(await refused(cronJob('refused', { concurrencyPolicy: 'Maybe' }))).toEqual([
    'spec.concurrencyPolicy',
  ]);
  expect(await refused(cronJob('x'.repeat(53)))).toEqual(['metadata.name']);
  const { code } = await lab.request('POST', `${path()}?dryRun=All`, { body: cronJob('x'.repeat(52)) });
  expect(code).toBe(201);
});
