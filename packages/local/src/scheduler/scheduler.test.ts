// oxlint-disable vitest/expect-expect -- `until` asserts by waiting.
import {
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  silentLogger,
  storageClasses,
} from '@pgherd/kube/objects';
import type { Pod, PodSpec } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../controllers/test-cluster.ts';
import type { Running } from '../controllers/controller.ts';
import { byImportance, mayAdmitOthers, startScheduler } from './scheduler.ts';

let cluster: TestCluster;
let scheduler: Running;

beforeEach(async () => {
  cluster = await TestCluster.start();
  const { registry, clock } = cluster;
  scheduler = startScheduler({ registry, clock, log: silentLogger });
});
afterEach(async () => {
  await scheduler.stop();
  await cluster.close();
});

const addNode = (name: string, spec: object = {}): void => {
  cluster.objects.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec,
    status: { allocatable: { cpu: '2', memory: '4Gi', pods: '110' } },
  });
};
const make = (name: string, spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): Pod =>
  cluster.objects.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  });
const nodeOf = (name: string): string | undefined => cluster.pod(name).spec?.nodeName;
const why = (name: string): string | undefined =>
  cluster.pod(name).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;
const wants = (cpu: string): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }],
});
const claims = (...names: string[]): Partial<PodSpec> => ({
  volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});
const claim = (name: string, storageClassName: string): void => {
  cluster.objects.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } },
  });
};
const lateClass = (name: string, provisioner: string): void => {
  cluster.objects.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
  });
};
const hostOf = (volumeName = ''): unknown =>
  cluster.objects.get(persistentVolumes, undefined, volumeName)?.spec?.nodeAffinity?.required
    ?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values;

test('what waits is told why, once for each reason, and gets its place when something changes', async () => {
  make('p', wants('1'));
  await cluster.until(() => why('p'), 'no nodes available to schedule pods');
  addNode('a', { unschedulable: true });
  await cluster.until(() => why('p'), '0/1 nodes are available: 1 node(s) were unschedulable.');
  cluster.registry.patch(nodes, undefined, 'a', 'application/merge-patch+json', {
    metadata: { labels: { x: 'y' } },
  });
  await cluster.settled();
  const told = cluster.objects.list(events, 'default').filter(({ reason }) => reason === 'FailedScheduling');
  expect(told.map(({ message, count }) => `${count} ${message}`).sort()).toEqual([
    '1 0/1 nodes are available: 1 node(s) were unschedulable.',
    '1 no nodes available to schedule pods',
  ]);
  cluster.registry.patch(nodes, undefined, 'a', 'application/merge-patch+json', {
    spec: { unschedulable: null },
  });
  await cluster.until(() => nodeOf('p'), 'a');
  expect(why('p')).toBeUndefined();
});

test('the room that one leaves goes to the next', async () => {
  addNode('a');
  make('first', wants('2'));
  await cluster.until(() => nodeOf('first'), 'a');
  make('second', wants('2'));
  await cluster.until(() => why('second'), '0/1 nodes are available: 1 Insufficient cpu.');
  cluster.run('first', { phase: 'Succeeded' });
  await cluster.until(() => nodeOf('second'), 'a');
});

test('the most important first, then the one that has waited longest', () => {
  const waiting = (name: string, priority: number, creationTimestamp: string): Pod => ({
    metadata: { name, namespace: 'default', creationTimestamp },
    spec: { containers: [], priority },
  });
  const sorted = [
    waiting('new', 0, '2026-01-02'),
    waiting('old', 0, '2026-01-01'),
    waiting('vip', 9, '2026-01-03'),
  ];
  expect(sorted.sort(byImportance).map(({ metadata }) => metadata.name)).toEqual(['vip', 'old', 'new']);
});

test('the volume of a class that waits is made where the pod goes, and keeps the pod there', async () => {
  lateClass('late', 'pgherd.dev/local');
  addNode('a', { unschedulable: true });
  addNode('b');
  claim('data', 'late');
  await cluster.settled();
  expect(cluster.objects.get(persistentVolumeClaims, 'default', 'data')?.status?.phase).toBe('Pending');
  make('p', claims('data'));
  await cluster.until(() => nodeOf('p'), 'b');
  const bound = cluster.objects.get(persistentVolumeClaims, 'default', 'data');
  expect(bound?.status?.phase).toBe('Bound');
  expect(hostOf(bound?.spec?.volumeName)).toEqual(['b']);

  cluster.registry.delete(pods, 'default', 'p', { gracePeriodSeconds: 0 });
  cluster.registry.patch(nodes, undefined, 'a', 'application/merge-patch+json', {
    spec: { unschedulable: null },
  });
  cluster.registry.patch(nodes, undefined, 'b', 'application/merge-patch+json', {
    spec: { unschedulable: true },
  });
  make('p', claims('data'));
  await cluster.until(
    () => why('p'),
    '0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable.',
  );
});

test('volumes that somebody made are taken on the node where the pod can be', async () => {
  lateClass('by-hand', 'kubernetes.io/no-provisioner');
  addNode('a');
  addNode('b');
  const volume = (name: string, host: string): void => {
    cluster.objects.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'by-hand',
        local: { path: '/srv' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [host] }] },
            ],
          },
        },
      },
    });
  };
  volume('on-a', 'a');
  volume('one-on-b', 'b');
  claim('one', 'by-hand');
  claim('two', 'by-hand');
  make('p', claims('one', 'two'));
  await cluster.until(
    () => why('p'),
    "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.",
  );
  volume('two-on-b', 'b');
  await cluster.until(() => nodeOf('p'), 'b');
  const names = ['one', 'two'].map(
    (name) => cluster.objects.get(persistentVolumeClaims, 'default', name)?.spec?.volumeName ?? '',
  );
  expect(names.sort()).toEqual(['one-on-b', 'two-on-b']);
});

test('claims that cannot be used are a reason that no node changes', async () => {
  addNode('a');
  make('p', claims('none'));
  await cluster.until(() => why('p'), '0/1 nodes are available: persistentvolumeclaim "none" not found.');
  claim('none', 'no-such-class');
  await cluster.until(
    () => why('p'),
    '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
  );
});

test('a pod of another scheduler is left to it', async () => {
  addNode('a');
  make('other', { schedulerName: 'another' });
  make('usual');
  await cluster.until(() => nodeOf('usual'), 'a');
  expect(cluster.pod('other').status?.conditions).toBeUndefined();
});

test('what waits is looked at again when another is placed, ends, goes, or has other labels', () => {
  const other = (
    phase: string,
    labels: Record<string, string> = { app: 'a', tier: 'b' },
    nodeName = 'n',
  ): Pod => ({
    metadata: { name: 'other', labels },
    spec: { containers: [], nodeName },
    status: { phase },
  });
  expect(mayAdmitOthers(undefined, other('Pending'))).toBe(true);
  expect(mayAdmitOthers(other('Pending', {}, ''), other('Pending', {}))).toBe(true);
  expect(mayAdmitOthers(other('Running'), other('Succeeded'))).toBe(true);
  expect(mayAdmitOthers(other('Running'), other('Running', { app: 'b' }))).toBe(true);
  expect(mayAdmitOthers(other('Pending'), other('Running', { tier: 'b', app: 'a' }))).toBe(false);
  expect(mayAdmitOthers(other('Failed'), other('Failed'))).toBe(false);
});
