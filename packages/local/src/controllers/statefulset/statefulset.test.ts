// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
// Rules of https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ on the real registry.
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  controllerRevisions,
  events,
  persistentVolumeClaims,
  pods,
  statefulSets,
} from '@pgherd/kube/objects';
import type { StatefulSet } from '@pgherd/kube/objects';
import { TestCluster, webSet } from '../test-cluster.ts';
import { withMetadata } from '../objects.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

const set = (): StatefulSet => {
  const found = cluster.objects.get(statefulSets, 'default', 'web');
  if (!found) throw new Error('no StatefulSet web');
  return found;
};
const change = (spec: Partial<NonNullable<StatefulSet['spec']>>): void => {
  const old = set();
  if (old.spec) cluster.objects.update(statefulSets, { ...old, spec: { ...old.spec, ...spec } });
};
const template = (image: string) => webSet({}, image).spec?.template ?? {};

async function running(count: number, spec: Partial<NonNullable<StatefulSet['spec']>> = {}): Promise<void> {
  cluster.objects.create(statefulSets, webSet({ replicas: count, ...spec }));
  const start = spec.ordinals?.start ?? 0;
  for (let ordinal = start; ordinal < start + count; ordinal++) {
    await cluster.until(() => cluster.pods()[`web-${ordinal}`], 'Pending');
    cluster.run(`web-${ordinal}`);
  }
  await cluster.until(() => set().status?.readyReplicas, count);
}

test('pods are made in order, each after the one before is ready', async () => {
  cluster.objects.create(statefulSets, webSet({ replicas: 3 }));
  await cluster.until(() => cluster.pods(), { 'web-0': 'Pending' });
  cluster.run('web-0', { ready: false });
  await cluster.settled();
  expect(cluster.pods()).toEqual({ 'web-0': 'Running' });
  cluster.run('web-0');
  await cluster.until(() => cluster.pods(), { 'web-0': 'Running', 'web-1': 'Pending' });
});

test('Parallel makes and removes all at once', async () => {
  cluster.objects.create(statefulSets, webSet({ replicas: 3, podManagementPolicy: 'Parallel' }));
  await cluster.until(() => Object.keys(cluster.pods()), ['web-0', 'web-1', 'web-2']);
  for (const name of ['web-0', 'web-1', 'web-2']) cluster.run(name, { ready: false });
  change({ replicas: 1 });
  await cluster.until(() => cluster.pods(), {
    'web-0': 'Running',
    'web-1': 'Terminating',
    'web-2': 'Terminating',
  });
});

test('a pod has its name, host name, labels, owner and claim', async () => {
  await running(1);
  const pod = cluster.pod('web-0');
  expect(pod.spec).toMatchObject({ hostname: 'web-0', subdomain: 'web' });
  expect(pod.spec?.volumes).toContainEqual({
    name: 'data',
    persistentVolumeClaim: { claimName: 'data-web-0' },
  });
  expect(pod.metadata.labels).toEqual({
    app: 'web',
    'statefulset.kubernetes.io/pod-name': 'web-0',
    'apps.kubernetes.io/pod-index': '0',
    'controller-revision-hash': set().status?.currentRevision,
  });
  expect(pod.metadata.ownerReferences).toMatchObject([
    { kind: 'StatefulSet', name: 'web', controller: true },
  ]);
  const claim = cluster.objects.get(persistentVolumeClaims, 'default', 'data-web-0');
  expect(claim?.metadata.labels).toEqual({ app: 'web' });
  expect(claim?.metadata.ownerReferences).toBeUndefined();
});

test('scaling down goes from the highest ordinal, one at a time, and keeps the claims', async () => {
  await running(3);
  change({ replicas: 1 });
  await cluster.until(() => cluster.pods(), {
    'web-0': 'Running',
    'web-1': 'Running',
    'web-2': 'Terminating',
  });
  await cluster.settled();
  expect(cluster.pods()['web-1']).toBe('Running');
  cluster.finish('web-2');
  await cluster.until(() => cluster.pods(), { 'web-0': 'Running', 'web-1': 'Terminating' });
  cluster.finish('web-1');
  await cluster.until(() => set().status?.replicas, 1);
  expect(cluster.objects.list(persistentVolumeClaims, 'default').map((c) => c.metadata.name)).toEqual([
    'data-web-0',
    'data-web-1',
    'data-web-2',
  ]);
});

test('scaling down waits while a lower pod is not ready', async () => {
  await running(2);
  cluster.run('web-0', { ready: false });
  change({ replicas: 1 });
  await cluster.until(() => set().status?.observedGeneration, set().metadata.generation);
  await cluster.settled();
  expect(cluster.pods()).toEqual({ 'web-0': 'Running', 'web-1': 'Running' });
  cluster.run('web-0');
  await cluster.until(() => cluster.pods(), { 'web-0': 'Running', 'web-1': 'Terminating' });
});

test('a deleted pod is made anew under its name once it has ended', async () => {
  await running(2);
  const { uid } = cluster.pod('web-1').metadata;
  cluster.objects.delete(pods, cluster.pod('web-1'));
  await cluster.settled();
  expect(cluster.pods()['web-1']).toBe('Terminating');
  cluster.finish('web-1');
  await cluster.until(() => cluster.pods()['web-1'], 'Pending');
  expect(cluster.pod('web-1').metadata.uid).not.toBe(uid);
});

test('a failed pod is replaced, with an event', async () => {
  await running(1);
  const { uid } = cluster.pod('web-0').metadata;
  cluster.run('web-0', { ready: false, phase: 'Failed' });
  await cluster.until(
    () => [cluster.pods()['web-0'], cluster.pod('web-0').metadata.uid === uid],
    ['Pending', false],
  );
  const messages = cluster.objects.list(events, 'default').map(({ message }) => message);
  expect(messages).toContain('StatefulSet default/web is recreating failed Pod web-0');
  expect(messages).toContain('create Pod web-0 in StatefulSet web successful');
  expect(messages).toContain('create Claim data-web-0 Pod web-0 in StatefulSet web success');
});

test('RollingUpdate replaces from the highest ordinal, each after the one before is ready', async () => {
  await running(3);
  const old = set().status?.currentRevision;
  change({ template: template('web:2') });
  for (const name of ['web-2', 'web-1', 'web-0']) {
    await cluster.until(() => cluster.pods()[name], 'Terminating');
    expect(Object.values(cluster.pods()).filter((phase) => phase !== 'Running')).toHaveLength(1);
    cluster.finish(name);
    await cluster.until(() => cluster.pods()[name], 'Pending');
    expect(cluster.pod(name).spec?.containers[0]?.image).toBe('web:2');
    expect(set().status?.currentRevision).toBe(old);
    cluster.run(name);
  }
  await cluster.until(() => set().status?.currentRevision === set().status?.updateRevision, true);
  expect(set().status).toMatchObject({
    replicas: 3,
    readyReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
  });
  expect(set().status?.currentRevision).not.toBe(old);
  expect(cluster.objects.list(controllerRevisions, 'default').map((r) => r.revision)).toEqual(
    expect.arrayContaining([1, 2]),
  );
});

test('ordinals below the partition keep the old template, also when made anew', async () => {
  await running(2);
  change({
    template: template('web:2'),
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
  });
  await cluster.until(() => cluster.pods()['web-1'], 'Terminating');
  cluster.finish('web-1');
  await cluster.until(() => cluster.pods()['web-1'], 'Pending');
  expect(cluster.pod('web-1').spec?.containers[0]?.image).toBe('web:2');
  cluster.run('web-1');
  await cluster.settled();
  expect(cluster.pods()).toEqual({ 'web-0': 'Running', 'web-1': 'Running' });
  cluster.objects.delete(pods, cluster.pod('web-0'));
  cluster.finish('web-0');
  await cluster.until(() => cluster.pods()['web-0'], 'Pending');
  expect(cluster.pod('web-0').spec?.containers[0]?.image).toBe('web:1');
});

test('OnDelete changes nothing until somebody deletes the pod', async () => {
  await running(1, { updateStrategy: { type: 'OnDelete' } });
  change({ template: template('web:2') });
  await cluster.until(() => set().status?.updateRevision === set().status?.currentRevision, false);
  await cluster.settled();
  expect(cluster.pods()).toEqual({ 'web-0': 'Running' });
  cluster.objects.delete(pods, cluster.pod('web-0'));
  cluster.finish('web-0');
  await cluster.until(() => cluster.pods()['web-0'], 'Pending');
  expect(cluster.pod('web-0').spec?.containers[0]?.image).toBe('web:2');
});

test('going back to an earlier template uses its revision again', async () => {
  await running(1, { updateStrategy: { type: 'OnDelete' } });
  const first = set().status?.updateRevision;
  change({ template: template('web:2') });
  await cluster.until(() => set().status?.updateRevision !== first, true);
  change({ template: template('web:1') });
  await cluster.until(() => set().status?.updateRevision, first);
  expect(cluster.objects.get(controllerRevisions, 'default', first ?? '')?.revision).toBe(3);
});

test('ordinals may start elsewhere', async () => {
  await running(2, { ordinals: { start: 5 } });
  expect(cluster.pods()).toEqual({ 'web-5': 'Running', 'web-6': 'Running' });
});

test('a pod that no longer matches is released, one that matches again is adopted', async () => {
  await running(1);
  const pod = cluster.pod('web-0');
  cluster.objects.update(pods, withMetadata(pod, { labels: { ...pod.metadata.labels, app: 'other' } }));
  await cluster.until(() => cluster.pod('web-0').metadata.ownerReferences ?? [], []);
  const released = cluster.pod('web-0');
  cluster.objects.update(
    pods,
    withMetadata(released, { labels: { ...released.metadata.labels, app: 'web' } }),
  );
  await cluster.until(() => cluster.pod('web-0').metadata.ownerReferences?.[0]?.uid, set().metadata.uid);
});

test('deleting the set deletes its pods; whenDeleted: Delete its claims too', async () => {
  await running(1, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } });
  await cluster.until(
    () =>
      cluster.objects.get(persistentVolumeClaims, 'default', 'data-web-0')?.metadata.ownerReferences?.[0]
        ?.kind,
    'StatefulSet',
  );
  cluster.objects.delete(statefulSets, set());
  await cluster.until(() => cluster.pods(), { 'web-0': 'Terminating' });
  cluster.finish('web-0');
  await cluster.until(() => cluster.objects.list(persistentVolumeClaims, 'default'), []);
});

test('whenScaled: Delete removes the claim with the pod that is scaled away', async () => {
  await running(2, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } });
  change({ replicas: 1 });
  await cluster.until(() => cluster.pods()['web-1'], 'Terminating');
  cluster.finish('web-1');
  await cluster.until(
    () => cluster.objects.list(persistentVolumeClaims, 'default').map((c) => c.metadata.name),
    ['data-web-0'],
  );
});

test('a restart in the middle goes on where it was', async () => {
  cluster.objects.create(statefulSets, webSet({ replicas: 2 }));
  await cluster.until(() => cluster.pods(), { 'web-0': 'Pending' });
  cluster.run('web-0');
  await cluster.restart();
  await cluster.until(() => cluster.pods(), { 'web-0': 'Running', 'web-1': 'Pending' });
});
