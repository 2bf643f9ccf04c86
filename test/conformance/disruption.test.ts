import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { shellPod, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/workloads/pods/disruptions/
const lab = useLab('disruption');

test('the status counts pods, and the eviction API obeys it (tasks/run-application/configure-pdb; scheduling-eviction/api-eviction)', async () => {
  const budget = lab.in('policy/v1', 'poddisruptionbudgets', 'one');
  await lab.ok('POST', lab.in('policy/v1', 'poddisruptionbudgets'), {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'one' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'one' } } },
  });
  const wait = (what: string, holds: (status: Loose) => boolean): Promise<Loose> =>
    eventually(what, async () => {
      const { status = {} } = await lab.ok('GET', budget);
      return holds(status) ? status : undefined;
    });
  await wait('it was seen', (status) => status.observedGeneration === 1);
  for (const name of ['a', 'b'])
    await lab.ok(
      'POST',
      lab.in('v1', 'pods'),
      shellPod(lab.image, name, 'sleep 3600', { labels: { app: 'one' } }),
    );
  const status = await wait('both are healthy', ({ currentHealthy }) => currentHealthy === 2);
  expect(status).toMatchObject({ desiredHealthy: 1, disruptionsAllowed: 1, expectedPods: 2 });
  const evict = (name: string) =>
    lab.request('POST', lab.in('v1', 'pods', name, 'eviction'), {
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: lab.namespace } },
    });
  expect((await evict('a')).code).toBe(201);
  const refused = await evict('b');
  expect(refused.code).toBe(429);
  expect(refused.body.details.causes[0].reason).toBe('DisruptionBudget');
  await wait(
    'one is left',
    ({ currentHealthy, disruptionsAllowed }) => currentHealthy === 1 && disruptionsAllowed === 0,
  );
});

test('either minAvailable or maxUnavailable (tasks/run-application/configure-pdb/#specifying-a-poddisruptionbudget)', async () => {
  const { code } = await lab.request('POST', lab.in('policy/v1', 'poddisruptionbudgets'), {
    body: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'both' },
      spec: { minAvailable: 1, maxUnavailable: 1, selector: {} },
    },
  });
  expect(code).toBe(422);
});
