import { afterAll, expect, test } from 'vitest';
import { useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
const lab = useLab('priority-classes');
const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
const name = lab.unique('conformance');
afterAll(() => lab.request('DELETE', `${classes}/${name}`));

const pod = (spec: object): Loose => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'priority-' },
  spec: { containers: [{ name: 'main', image: lab.image }], ...spec },
});
const dry = (spec: object): Promise<{ code: number; body: Loose }> =>
  lab.request('POST', `${lab.in('v1', 'pods')}?dryRun=All`, { body: pod(spec) });

test('admission gives a pod the number of its class (#pod-priority)', async () => {
  await lab.ok('POST', classes, {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value: 1234,
  });
  const { body } = await dry({ priorityClassName: name });
  expect(body.spec).toMatchObject({ priority: 1234, preemptionPolicy: 'PreemptLowerPriority' });
});

test('a pod of a class that does not exist is rejected (#pod-priority)', async () => {
  const { code, body } = await dry({ priorityClassName: `${name}-unknown` });
  expect(code).toBe(403);
  expect(body.message).toContain(`no PriorityClass with name ${name}-unknown was found`);
});

test('system classes are there, their prefix is reserved, user classes end at a thousand million (#priorityclass)', async () => {
  const { value } = await lab.ok('GET', `${classes}/system-cluster-critical`);
  expect(value).toBe(2_000_000_000);
  const refused = async (metadata: object, number: number): Promise<number> => {
    const body = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: number };
    return (await lab.request('POST', classes, { body })).code;
  };
  expect(await refused({ name: `system-${name}` }, 5)).toBe(422);
  expect(await refused({ name: `${name}-high` }, 1_000_000_001)).toBe(422);
});
