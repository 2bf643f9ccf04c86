import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
const lab = useLab('deployments');
const path = (...rest: string[]): string => lab.in('apps/v1', 'deployments', ...rest);
const selected = (name: string): string => `?labelSelector=app%3D${name}`;

interface Options {
  replicas?: number;
  spec?: object;
  command?: string;
}

const template = (name: string, command = 'sleep 100000'): Loose => ({
  metadata: { labels: { app: name } },
  spec: {
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
const make = (name: string, { replicas = 2, spec = {}, command }: Options = {}): Promise<Loose> =>
  lab.ok('POST', path(), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: template(name, command),
      ...spec,
    },
  });
const get = (name: string): Promise<Loose> => lab.ok('GET', path(name));
const setsOf = async (name: string): Promise<Loose[]> =>
  (await lab.ok('GET', `${lab.in('apps/v1', 'replicasets')}${selected(name)}`)).items;
const podsOf = async (name: string): Promise<Loose[]> =>
  (await lab.ok('GET', `${lab.in('v1', 'pods')}${selected(name)}`)).items;
const change = (name: string, spec: object): Promise<Loose> =>
  lab.ok('PATCH', path(name), { spec }, patchTypes.merge);
const conditionOf = (deployment: Loose, type: string): Loose =>
  (deployment.status.conditions ?? []).find((each: Loose) => each.type === type);
const complete = (name: string): Promise<Loose> =>
  eventually(`${name} is rolled out`, async () => {
    const found = await get(name);
    const { observedGeneration, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = found.status;
    const counts = [replicas, updatedReplicas, availableReplicas];
    const done =
      observedGeneration === found.metadata.generation &&
      counts.every((count) => count === found.spec.replicas) &&
      conditionOf(found, 'Progressing').reason === 'NewReplicaSetAvailable';
    return done ? found : undefined;
  });
const remove = async (name: string): Promise<void> => {
  await lab.ok('DELETE', path(name));
  await eventually(
    `${name} is gone`,
    async () => (await podsOf(name)).length + (await setsOf(name)).length === 0,
  );
};
const REVISION = 'deployment.kubernetes.io/revision';

test('creates a ReplicaSet that brings up the pods (deployment/#creating-a-deployment, #pod-template-hash-label)', async () => {
  await make('creates');
  const deployment = await complete('creates');
  expect(deployment.metadata.annotations[REVISION]).toBe('1');
  expect(conditionOf(deployment, 'Available')).toMatchObject({
    status: 'True',
    reason: 'MinimumReplicasAvailable',
  });
  const [set] = await setsOf('creates');
  const hash = set.metadata.labels['pod-template-hash'];
  expect(set.metadata.name).toBe(`creates-${hash}`);
  expect(set.spec.selector.matchLabels).toEqual({ app: 'creates', 'pod-template-hash': hash });
  for (const pod of await podsOf('creates')) {
    expect(pod.metadata.labels['pod-template-hash']).toBe(hash);
    expect(pod.metadata.name.startsWith(`${set.metadata.name}-`)).toBe(true);
  }
  await remove('creates');
});

test('RollingUpdate scales the new set up and the old one down, and keeps it (deployment/#updating-a-deployment)', async () => {
  await make('rolls', {
    spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
  });
  await complete('rolls');
  await change('rolls', { template: template('rolls', 'sleep 200000') });
  const deployment = await complete('rolls');
  expect(deployment.metadata.annotations[REVISION]).toBe('2');
  const sets = await setsOf('rolls');
  expect(sets.map(({ spec }) => spec.replicas).sort((a, b) => a - b)).toEqual([0, 2]);
  // A template of before is taken up again: that is what a rollback is (deployment/#rolling-back-a-deployment).
  await change('rolls', { template: template('rolls') });
  expect((await complete('rolls')).metadata.annotations[REVISION]).toBe('3');
  expect((await setsOf('rolls')).length).toBe(2);
  await remove('rolls');
});

test('a template that does not work stops, the old pods stay (deployment/#failed-deployment, #rollover)', async () => {
  // Without these seconds a container that fails at once counts as available for a moment.
  await make('stuck', { spec: { progressDeadlineSeconds: 5, minReadySeconds: 2 } });
  await complete('stuck');
  await change('stuck', { template: template('stuck', 'exit 1') });
  const deployment = await eventually('the deadline is told', async () => {
    const found = await get('stuck');
    return conditionOf(found, 'Progressing').reason === 'ProgressDeadlineExceeded' ? found : undefined;
  });
  expect(conditionOf(deployment, 'Progressing').status).toBe('False');
  expect(deployment.status.availableReplicas).toBe(2);
  await change('stuck', { template: template('stuck', 'sleep 300000') });
  await complete('stuck');
  await remove('stuck');
});

test('Recreate ends all old pods before new ones are made (deployment/#recreate-deployment)', async () => {
  await make('recreates', { spec: { strategy: { type: 'Recreate' } } });
  await complete('recreates');
  const { metadata } = await lab.ok('GET', lab.in('v1', 'pods'));
  const watch = await lab.watch(
    `${lab.in('v1', 'pods')}${selected('recreates')}&watch=1&resourceVersion=${metadata.resourceVersion}`,
  );
  await change('recreates', { template: template('recreates', 'sleep 200000') });
  await complete('recreates');
  watch.close();
  const types = watch.events.map(({ type }) => type).filter((type) => type !== 'MODIFIED');
  expect(types).toEqual(['DELETED', 'DELETED', 'ADDED', 'ADDED']);
  await remove('recreates');
});

test('paused: changes of the template wait (deployment/#pausing-and-resuming-a-deployment)', async () => {
  await make('pauses', { replicas: 1 });
  await complete('pauses');
  await change('pauses', { paused: true, template: template('pauses', 'sleep 200000') });
  await eventually(
    'it says so',
    async () => conditionOf(await get('pauses'), 'Progressing').reason === 'DeploymentPaused',
  );
  expect(await setsOf('pauses')).toHaveLength(1);
  await change('pauses', { paused: false });
  await complete('pauses');
  expect(await setsOf('pauses')).toHaveLength(2);
  await remove('pauses');
});

test('old sets beyond the limit are deleted (deployment/#clean-up-policy)', async () => {
  await make('forgets', { replicas: 1, spec: { revisionHistoryLimit: 0 } });
  await complete('forgets');
  await change('forgets', { template: template('forgets', 'sleep 200000') });
  await complete('forgets');
  await eventually('one set is left', async () => (await setsOf('forgets')).length === 1);
  await remove('forgets');
});

test('scale is read and written (reference/kubernetes-api/workload-resources/deployment-v1)', async () => {
  await make('scales', { replicas: 1 });
  await complete('scales');
  const scale = await lab.ok('GET', path('scales', 'scale'));
  expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'app=scales' } });
  // The controller writes the status, too; then the version that was read is a conflict.
  await eventually('nobody writes in between', async () => {
    const now = await lab.ok('GET', path('scales', 'scale'));
    return lab.ok('PUT', path('scales', 'scale'), { ...now, spec: { replicas: 3 } });
  });
  expect((await complete('scales')).status.readyReplicas).toBe(3);
  await remove('scales');
});

test('a ReplicaSet replaces pods and adopts those that match (replicaset/#non-template-pod-acquisitions)', async () => {
  const { metadata, spec } = template('acquires');
  await lab.ok('POST', lab.in('v1', 'pods'), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'acquires-first', ...metadata },
    spec,
  });
  const set = await lab.ok('POST', lab.in('apps/v1', 'replicasets'), {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'acquires' },
    spec: { replicas: 2, selector: { matchLabels: metadata.labels }, template: { metadata, spec } },
  });
  const pods = await eventually('there are two, both owned', async () => {
    const all = await podsOf('acquires');
    const owned = all.every((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid);
    return all.length === 2 && owned ? all : undefined;
  });
  expect(pods.map((pod) => pod.metadata.name)).toContain('acquires-first');
  await lab.ok('DELETE', lab.in('v1', 'pods', 'acquires-first'));
  await eventually('it is replaced', async () => {
    const { status } = await lab.ok('GET', lab.in('apps/v1', 'replicasets', 'acquires'));
    const all = await podsOf('acquires');
    return status.readyReplicas === 2 && all.every((pod) => pod.metadata.name !== 'acquires-first');
  });
  await lab.ok('DELETE', lab.in('apps/v1', 'replicasets', 'acquires'));
  await eventually('its pods are gone', async () => (await podsOf('acquires')).length === 0);
});

test('what cannot be is refused (deployment/#writing-a-deployment-spec)', async () => {
  const refused = async (spec: object): Promise<Loose> => {
    const { code, body } = await lab.request('POST', path(), {
      body: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'refused' },
        spec: { selector: { matchLabels: { app: 'refused' } }, template: template('refused'), ...spec },
      },
    });
    expect(code).toBe(422);
    return body.details.causes.map((cause: Loose) => cause.field);
  };
  expect(await refused({ selector: { matchLabels: { app: 'other' } } })).toEqual([
    'spec.template.metadata.labels',
  ]);
  expect(
    await refused({
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
    }),
  ).toEqual(['spec.strategy.rollingUpdate.maxUnavailable']);
  const labelled = template('refused');
  labelled.metadata.labels['too-long'] = 'x'.repeat(64);
  expect(await refused({ template: labelled })).toEqual(['spec.template.labels']);
  const selector = { matchExpressions: [{ key: 'app', operator: 'In' }] };
  expect(await refused({ selector })).toContain('spec.selector.matchExpressions[0].values');
});
