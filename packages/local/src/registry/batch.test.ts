import { ApiError, cronJobs, jobs } from '@pgherd/kube/objects';
import type { KubeObject, ResourceType } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry } from './open-registry.ts';
import type { LocalRegistry } from './open-registry.ts';

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ and cron-job-v1/
let registry: LocalRegistry;
beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
});
afterEach(() => registry.close());

const template = (spec: object = {}, metadata?: object): object => ({
  ...(metadata ? { metadata } : {}),
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }], ...spec },
});
const makeJob = (spec: object = {}, metadata: object = {}): KubeObject =>
  registry.create(jobs, 'default', {
    metadata: { name: 'work', ...metadata },
    spec: { template: template(), ...spec },
  });
const makeCronJob = (spec: object = {}, job: object = {}, name = 'tick'): KubeObject =>
  registry.create(cronJobs, 'default', {
    metadata: { name },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: template(), ...job } }, ...spec },
  });
/** `field: reason` of each cause of a refusal. */
const causes = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect(error.code).toBe(422);
    return (error.status.details?.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`).join('\n');
  }
  return '';
};
const change = (resource: ResourceType<KubeObject>, object: KubeObject, spec: object): string =>
  causes(() =>
    registry.update(resource, 'default', object.metadata.name ?? '', {
      ...object,
      spec: { ...(object['spec'] as object), ...spec },
    }),
  );

test('a Job: defaults, labels and a selector of its own', () => {
  const job = makeJob();
  const { uid } = job.metadata;
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': 'work',
    'controller-uid': uid,
    'job-name': 'work',
  };
  expect(job['spec']).toMatchObject({
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
    template: { metadata: { labels } },
  });
  expect(job.metadata).toMatchObject({ generation: 1, labels });
  expect(job['status']).toEqual({});
});

test('a selector by hand', () => {
  const selector = { matchLabels: { app: 'x' } };
  const labelled = template({}, { labels: { app: 'x' } });
  expect(causes(() => makeJob({ selector, template: labelled }))).toContain(
    'spec.selector: Invalid value: map[string]interface {}{"matchLabels":map[string]interface {}{"app":"x"',
  );
  const job = makeJob({ manualSelector: true, selector, template: labelled });
  expect(job['spec']).toMatchObject({ selector, template: { metadata: { labels: { app: 'x' } } } });
  expect(causes(() => makeJob({ manualSelector: true }, { name: 'other' }))).toContain(
    'spec.selector: Required value',
  );
});

test.each([
  [{ parallelism: -1 }, 'spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
  [{ backoffLimit: -1 }, 'spec.backoffLimit: Invalid value: -1'],
  [
    { template: template({ restartPolicy: undefined }) },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [{ template: template({ restartPolicy: 'Always' }) }, 'spec.template.spec.restartPolicy: Required value'],
  [
    { template: template({ restartPolicy: 'Sometimes' }) },
    'spec.template.spec.restartPolicy: Unsupported value',
  ],
  [{ template: template({ containers: [] }) }, 'spec.template.spec.containers: Required value'],
  [
    { template: template({}, { labels: { 'job-name': 'other' } }) },
    'spec.template.metadata.labels[job-name]: Invalid value',
  ],
  [
    { template: template({}, { labels: { a: 'not valid!' } }) },
    'spec.template.labels: Invalid value: "not valid!"',
  ],
  [
    { completionMode: 'Indexed', completions: 2 },
    'spec.completionMode: Forbidden: not supported by this single-machine engine',
  ],
  [{ completionMode: 'Other' }, 'spec.completionMode: Unsupported value'],
  [{ podReplacementPolicy: 'Other' }, 'spec.podReplacementPolicy: Unsupported value'],
  [{ podFailurePolicy: { rules: [] } }, 'spec.podFailurePolicy: Forbidden'],
  [{ template: template({ hostPID: true }) }, 'spec.template.spec.hostPID: Forbidden'],
])('a Job refuses %j', (spec, wanted) => {
  expect(causes(() => makeJob(spec))).toContain(wanted);
});

test('the name of a Job is a label of its pods', () => {
  expect(causes(() => makeJob({}, { name: 'x'.repeat(64) }))).toContain(
    'spec.template.labels: Invalid value',
  );
});

test('what a Job may change', () => {
  const job = makeJob();
  const { template: old } = job['spec'] as { template: { spec: object } };
  expect(change(jobs, job, { completions: 5 })).toContain(
    'spec.completions: Invalid value: 5: field is immutable',
  );
  const other = { ...old, spec: { ...old.spec, nodeSelector: { a: 'b' } } };
  expect(change(jobs, job, { template: other })).toContain('field is immutable');
  expect(change(jobs, job, { parallelism: 3, activeDeadlineSeconds: 9 })).toBe('');
  // Before the first pod of a suspended one, where they go can still be chosen.
  const waiting = makeJob({ suspend: true }, { name: 'waiting' });
  const { template: held } = waiting['spec'] as { template: { spec: object } };
  const placed = { ...held, spec: { ...held.spec, nodeSelector: { a: 'b' } } };
  expect(change(jobs, waiting, { template: placed })).toBe('');
});

test('a deletion that does not say otherwise leaves the pods behind, and says so', () => {
  makeJob();
  const warnings: string[] = [];
  const warn = (message: string): number => warnings.push(message);
  const { object, gone } = registry.remove(jobs, 'default', 'work', { warn });
  expect(gone).toBe(false);
  expect(object.metadata.finalizers).toEqual(['orphan']);
  expect(warnings).toEqual([expect.stringContaining('child pods are preserved by default')]);
  makeJob({}, { name: 'other' });
  expect(registry.remove(jobs, 'default', 'other', { propagationPolicy: 'Background' }).gone).toBe(true);
});

test('a CronJob: defaults, of its Job only those of the pods', () => {
  const { spec } = makeCronJob() as KubeObject & { spec: { jobTemplate: { spec: object } } };
  expect(spec).toMatchObject({
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
    jobTemplate: { spec: { template: { spec: { dnsPolicy: 'ClusterFirst' } } } },
  });
  expect(Object.keys(spec.jobTemplate.spec)).toEqual(['template']);
});

test.each([
  [{ schedule: '' }, {}, 'spec.schedule: Required value'],
  [{ schedule: '* * * *' }, {}, 'expected exactly 5 fields, found 4'],
  [{ schedule: 'TZ=UTC * * * * *' }, {}, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
  [{ timeZone: 'Mars/Base' }, {}, 'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base'],
  [{ concurrencyPolicy: 'Maybe' }, {}, 'supported values: "Allow", "Forbid", "Replace"'],
  [{ startingDeadlineSeconds: -1 }, {}, 'spec.startingDeadlineSeconds: Invalid value'],
  [{ failedJobsHistoryLimit: -1 }, {}, 'spec.failedJobsHistoryLimit: Invalid value'],
  [{}, { selector: { matchLabels: { a: 'b' } } }, 'spec.jobTemplate.spec.selector: Invalid value'],
  [{}, { manualSelector: true }, 'spec.jobTemplate.spec.manualSelector: Unsupported value'],
  [
    {},
    { template: template({ restartPolicy: 'Always' }) },
    'spec.jobTemplate.spec.template.spec.restartPolicy',
  ],
  [{}, { backoffLimit: -1 }, 'spec.jobTemplate.spec.backoffLimit: Invalid value'],
])('a CronJob refuses %j with a Job %j', (spec, job, wanted) => {
  expect(causes(() => makeCronJob(spec, job))).toContain(wanted);
});

test('the name of a CronJob leaves room for the time', () => {
  expect(makeCronJob({}, {}, 'x'.repeat(52)).metadata.name).toHaveLength(52);
  expect(causes(() => makeCronJob({}, {}, 'x'.repeat(53)))).toContain(
    'metadata.name: Invalid value: "' + 'x'.repeat(53) + '": must be no more than 52 characters',
  );
});

test('everything of a CronJob may change', () => {
  const cronJob = makeCronJob();
  expect(change(cronJobs, cronJob, { schedule: '0 0 * * *', timeZone: 'Europe/Berlin' })).toBe('');
  const now = registry.get(cronJobs, 'default', 'tick');
  expect(now.metadata.generation).toBe(2);
  expect(change(cronJobs, now, { schedule: '0 0 * * 7' })).toContain('end of range (7) above maximum (6)');
});
