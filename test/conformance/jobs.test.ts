import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/workloads/controllers/job/
const lab = useLab('jobs');
const path = (...rest: string[]): string => lab.in('batch/v1', 'jobs', ...rest);

const template = (command: string, restartPolicy = 'Never'): Loose => ({
  spec: {
    restartPolicy,
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: lab.image,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', command],
      },
    ],
  },
});
const make = (name: string, command: string, spec: object = {}, restartPolicy?: string): Promise<Loose> =>
  lab.ok('POST', path(), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: template(command, restartPolicy), ...spec },
  });
const get = (name: string): Promise<Loose> => lab.ok('GET', path(name));
const podsOf = async (name: string): Promise<Loose[]> =>
  (await lab.ok('GET', `${lab.in('v1', 'pods')}?labelSelector=job-name%3D${name}`)).items;
const ended = (name: string, type: 'Complete' | 'Failed'): Promise<Loose> =>
  eventually(`${name} is ${type}`, async () => {
    const job = await get(name);
    const holds = (each: Loose): boolean => each.type === type && each.status === 'True';
    return (job.status.conditions ?? []).some(holds) ? job : undefined;
  });

test('runs a pod to its end, and keeps it for its log (job/#running-an-example-job)', async () => {
  const made = await make('once', 'echo done');
  const { uid } = made.metadata;
  expect(made.spec).toMatchObject({
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
  });
  const job = await ended('once', 'Complete');
  expect(job.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
  expect(Date.parse(job.status.completionTime)).toBeGreaterThanOrEqual(Date.parse(job.status.startTime));
  const [pod] = await podsOf('once');
  expect(pod.status.phase).toBe('Succeeded');
  expect(pod.metadata.labels['batch.kubernetes.io/controller-uid']).toBe(uid);
  expect(pod.metadata.finalizers).toBeUndefined();
  const { body } = await lab.request('GET', lab.in('v1', 'pods', pod.metadata.name, 'log'));
  expect(body).toBe('done\n');
});

test('as many completions as asked, some at a time (job/#parallel-jobs)', async () => {
  await make('many', 'sleep 1', { completions: 5, parallelism: 2 });
  let most = 0;
  await eventually('all are done', async () => {
    const running = (await podsOf('many')).filter(
      ({ status }) => !['Succeeded', 'Failed'].includes(status.phase),
    );
    most = Math.max(most, running.length);
    return (await get('many')).status.succeeded === 5;
  });
  expect(most).toBeLessThanOrEqual(2);
  await ended('many', 'Complete');
  expect(await podsOf('many')).toHaveLength(5);
});

test('Never: each failure is another pod, up to the limit (job/#pod-backoff-failure-policy)', async () => {
  await make('fails', 'exit 3', { backoffLimit: 1 });
  const job = await ended('fails', 'Failed');
  expect(job.status.failed).toBe(2);
  expect(job.status.conditions.find((each: Loose) => each.type === 'Failed').reason).toBe(
    'BackoffLimitExceeded',
  );
  const codes = (await podsOf('fails')).map(
    (pod) => pod.status.containerStatuses[0].state.terminated.exitCode,
  );
  expect(codes).toEqual([3, 3]);
});

test('OnFailure: the container is restarted in its pod (job/#handling-pod-and-container-failures)', async () => {
  const spec = template('test -e /data/tried || { touch /data/tried; exit 1; }', 'OnFailure');
  spec.spec.volumes = [{ name: 'data', emptyDir: {} }];
  spec.spec.containers[0].volumeMounts = [{ name: 'data', mountPath: '/data' }];
  await make('again', '', { template: spec });
  const job = await ended('again', 'Complete');
  expect(job.status.failed).toBeUndefined();
  const [pod, ...others] = await podsOf('again');
  expect(others).toEqual([]);
  expect(pod.status.containerStatuses[0].restartCount).toBe(1);
});

test('activeDeadlineSeconds ends it with its pods (job/#job-termination-and-cleanup)', async () => {
  await make('long', 'sleep 100000', { activeDeadlineSeconds: 2 });
  const job = await ended('long', 'Failed');
  expect(job.status.conditions.find((each: Loose) => each.type === 'Failed').reason).toBe('DeadlineExceeded');
  await eventually('no pod is left', async () => (await podsOf('long')).length === 0);
});

test('suspended it has no pods, and starts when told (job/#suspending-a-job)', async () => {
  await make('held', 'true', { suspend: true });
  await eventually('it says so', async () =>
    ((await get('held')).status.conditions ?? []).some(
      (each: Loose) => each.type === 'Suspended' && each.status === 'True',
    ),
  );
  expect((await get('held')).status.startTime).toBeUndefined();
  expect(await podsOf('held')).toEqual([]);
  await lab.ok('PATCH', path('held'), { spec: { suspend: false } }, patchTypes.merge);
  const job = await ended('held', 'Complete');
  expect(job.status.conditions.find((each: Loose) => each.type === 'Suspended').status).toBe('False');
});

test('ttlSecondsAfterFinished removes it with its pods (ttlafterfinished)', async () => {
  await make('short', 'true', { ttlSecondsAfterFinished: 0 });
  await eventually('the Job is gone', async () => (await lab.request('GET', path('short'))).code === 404);
  await eventually('the pods are gone', async () => (await podsOf('short')).length === 0);
});

test('a deletion that does not say otherwise leaves the pods, with a warning (job-v1)', async () => {
  await make('orphans', 'true');
  await ended('orphans', 'Complete');
  const { code, headers } = await lab.request('DELETE', path('orphans'));
  expect(code).toBe(200);
  expect(String(headers['warning'])).toContain('child pods are preserved by default when jobs are deleted');
  await eventually('the Job is gone', async () => (await lab.request('GET', path('orphans'))).code === 404);
  const [pod] = await podsOf('orphans');
  expect(pod.metadata.ownerReferences).toBeUndefined();
});

test('what cannot be is refused (job/#writing-a-job-spec)', async () => {
  const refused = async (spec: object, name = 'refused'): Promise<string[]> => {
    const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec };
    const answer = await lab.request('POST', path(), { body });
    expect(answer.code).toBe(422);
    return answer.body.details.causes.map((cause: Loose) => cause.field);
  };
  expect(await refused({ template: template('true', 'Always') })).toEqual([
    'spec.template.spec.restartPolicy',
  ]);
  expect(await refused({ template: template('true'), parallelism: -1 })).toEqual(['spec.parallelism']);
  expect(await refused({ template: template('true') }, 'x'.repeat(64))).toContain('spec.template.labels');
  await make('fixed', 'true', { suspend: true });
  const { code, body } = await lab.request('PATCH', path('fixed'), {
    body: { spec: { completions: 3 } },
    type: patchTypes.merge,
  });
  expect(code).toBe(422);
  expect(body.details.causes[0]).toMatchObject({ field: 'spec.completions' });
});
