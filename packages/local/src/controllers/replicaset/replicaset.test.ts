// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
// Rules of https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ on the real registry.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { events, pods, replicaSets, serviceAccounts } from '@pgherd/kube/objects';
import type { ReplicaSet } from '@pgherd/kube/objects';
import { TestCluster, webDeployment } from '../test-cluster.ts';
import { withMetadata } from '../objects.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

type Spec = NonNullable<ReplicaSet['spec']>;
const make = (spec: Partial<Spec> = {}): ReplicaSet => {
  const { selector, template } = webDeployment().spec ?? {};
  return cluster.objects.create(replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: selector ?? {}, ...(template ? { template } : {}), ...spec },
  });
};
const set = (): ReplicaSet => {
  const found = cluster.objects.get(replicaSets, 'default', 'web');
  if (!found?.spec) throw new Error('no ReplicaSet web');
  return found;
};
const scale = (replicas: number): void => {
  const { spec } = set();
  if (spec) cluster.objects.update(replicaSets, { ...set(), spec: { ...spec, replicas } });
};
const count = (): number => Object.keys(cluster.pods()).length;
const running = async (replicas: number, spec: Partial<Spec> = {}): Promise<void> => {
  make({ replicas, ...spec });
  await cluster.until(count, replicas);
  cluster.play();
  await cluster.until(() => set().status?.readyReplicas, replicas);
};
const messages = (): string[] => cluster.objects.list(events, 'default').map(({ message = '' }) => message);

test('makes as many pods as wanted, from the template, owned by it', async () => {
  await running(2);
  const [pod] = cluster.objects.list(pods, 'default');
  expect(pod?.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
  expect(pod?.metadata).toMatchObject({
    generateName: 'web-',
    labels: { app: 'web' },
    ownerReferences: [{ kind: 'ReplicaSet', uid: set().metadata.uid, controller: true }],
  });
  expect(set().status).toEqual({
    replicas: 2,
    fullyLabeledReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    observedGeneration: 1,
  });
  expect(messages()).toContain(`Created pod: ${pod?.metadata.name}`);
});

test('a pod that ends or is deleted is replaced at once', async () => {
  await running(2);
  const [first, second] = Object.keys(cluster.pods());
  cluster.run(first ?? '', { phase: 'Failed', ready: false });
  await cluster.until(count, 3);
  cluster.objects.delete(pods, cluster.pod(second ?? ''));
  await cluster.until(count, 4);
  await cluster.until(() => set().status?.replicas, 2);
});

test('scaling down takes the pods that are missed least', async () => {
  await running(3);
  const [first = '', second = '', third = ''] = Object.keys(cluster.pods());
  cluster.run(second, { ready: false });
  const cheap = { 'controller.kubernetes.io/pod-deletion-cost': '-5' };
  cluster.objects.update(pods, withMetadata(cluster.pod(third), { annotations: cheap }));
  scale(1);
  await cluster.until(() => cluster.pods(), {
    [first]: 'Running',
    [second]: 'Terminating',
    [third]: 'Terminating',
  });
  expect(messages()).toEqual(expect.arrayContaining([`Deleted pod: ${second}`, `Deleted pod: ${third}`]));
  await cluster.until(() => set().status?.replicas, 1);
});

test('pods without controller that match are adopted, those that match no longer are released', async () => {
  cluster.objects.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  make({ replicas: 1 });
  await cluster.until(() => cluster.pod('orphan').metadata.ownerReferences?.[0]?.uid, set().metadata.uid);
  expect(count()).toBe(1);
  cluster.objects.update(pods, withMetadata(cluster.pod('orphan'), { labels: { app: 'other' } }));
  await cluster.until(count, 2);
  await cluster.until(() => cluster.pod('orphan').metadata.ownerReferences ?? [], []);
});

test('minReadySeconds: ready is not yet available', async () => {
  await running(1, { minReadySeconds: 1 });
  expect(set().status?.availableReplicas ?? 0).toBe(0);
  await cluster.until(() => set().status?.availableReplicas, 1);
});

test('what cannot be made is told in a condition and an event, until it can', async () => {
  const template = webDeployment().spec?.template;
  const containers = template?.spec?.containers ?? [];
  make({
    replicas: 1,
    template: { ...template, spec: { containers, serviceAccountName: 'later' } },
  });
  const told = (): (string | undefined)[] => (set().status?.conditions ?? []).map(({ reason }) => reason);
  await cluster.until(told, ['FailedCreate']);
  expect(set().status?.conditions?.[0]).toMatchObject({ type: 'ReplicaFailure', status: 'True' });
  expect(messages().join(' ')).toContain('Error creating: ');
  cluster.objects.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'later', namespace: 'default' },
  });
  await cluster.until(count, 1);
  await cluster.until(told, []);
});

test('deleting the set deletes its pods, unless they are to be orphaned', async () => {
  await running(1);
  const [name = ''] = Object.keys(cluster.pods());
  cluster.objects.delete(replicaSets, set(), { propagationPolicy: 'Orphan' });
  await cluster.until(() => cluster.pod(name).metadata.ownerReferences ?? [], []);
  make({ replicas: 1 });
  await cluster.until(() => cluster.pod(name).metadata.ownerReferences?.[0]?.uid, set().metadata.uid);
  cluster.objects.delete(replicaSets, set());
  await cluster.until(() => cluster.pods(), { [name]: 'Terminating' });
});

test('a restart makes no pod twice', async () => {
  make({ replicas: 3 });
  await cluster.restart();
  await cluster.until(count, 3);
  await cluster.settled();
  expect(count()).toBe(3);
});
