// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  configMaps,
  endpointSlices,
  endpoints,
  events,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  serviceAccounts,
  services,
} from '@pgherd/kube/objects';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { TestCluster } from './test-cluster.ts';
import { withMetadata } from './objects.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

const meta = (name: string, rest: KubeObject['metadata'] = {}): KubeObject['metadata'] => ({
  name,
  namespace: 'default',
  ...rest,
});
const pod = (name: string, spec: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta(name, { labels: { app: 'a' } }),
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'pg', containerPort: 5432 }] }], ...spec },
});
const configMap = (name: string, owners: KubeObject[] = [], block = false): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta(name, {
    ownerReferences: owners.map(({ metadata }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      blockOwnerDeletion: block,
    })),
  }),
});
const create = (object: KubeObject): KubeObject => cluster.objects.create(configMaps, object as never);
const has = (name: string): boolean => cluster.objects.get(configMaps, 'default', name) !== undefined;
const claim = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: meta(name),
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const createClaim = (name: string, spec: object = {}): KubeObject =>
  cluster.objects.create(persistentVolumeClaims, claim(name, spec) as never);
const claimPhase = (name: string): string | undefined =>
  cluster.objects.get(persistentVolumeClaims, 'default', name)?.status?.phase;

test('each namespace gets its service account and the authority, again when somebody takes them', async () => {
  cluster.objects.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  await cluster.until(() => cluster.objects.get(serviceAccounts, 'n', 'default')?.kind, 'ServiceAccount');
  await cluster.until(() => cluster.objects.get(configMaps, 'n', 'kube-root-ca.crt')?.data, {
    'ca.crt': 'CERTIFICATE',
  });
  cluster.registry.delete(configMaps, 'n', 'kube-root-ca.crt');
  await cluster.until(() => cluster.objects.get(configMaps, 'n', 'kube-root-ca.crt')?.data, {
    'ca.crt': 'CERTIFICATE',
  });
});

test('a deleted namespace goes with all that is in it, but waits for finalizers', async () => {
  cluster.objects.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  const held = {
    ...configMap('held'),
    metadata: { name: 'held', namespace: 'n', finalizers: ['example.com/hold'] },
  };
  create(held);
  cluster.registry.delete(namespaces, undefined, 'n');
  await cluster.until(
    () => cluster.objects.get(namespaces, undefined, 'n')?.status?.conditions?.map((c) => [c.type, c.status]),
    [
      ['NamespaceContentRemaining', 'True'],
      ['NamespaceFinalizersRemaining', 'True'],
    ],
  );
  expect(cluster.objects.get(serviceAccounts, 'n', 'default')).toBeUndefined();
  const waiting = cluster.objects.get(configMaps, 'n', 'held');
  if (waiting) cluster.objects.update(configMaps, withMetadata(waiting, { finalizers: [] }));
  await cluster.until(() => cluster.objects.get(namespaces, undefined, 'n'), undefined);
});

test('default/kubernetes points at the API server', async () => {
  await cluster.until(
    () => cluster.objects.get(endpoints, 'default', 'kubernetes')?.subsets,
    [{ addresses: [{ ip: '10.213.7.1' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
  );
  const ours = () => cluster.objects.list(endpointSlices, 'default').map(({ metadata }) => metadata.name);
  await cluster.until(ours, ['kubernetes']);
});

test('endpoints of a Service with selector follow readiness, slices also show what terminates', async () => {
  cluster.objects.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('db'),
    spec: {
      clusterIP: 'None',
      selector: { app: 'a' },
      ports: [{ name: 'pg', port: 5432, targetPort: 'pg' }],
    },
  });
  cluster.objects.create(
    pods,
    pod('a-0', { hostname: 'a-0', subdomain: 'db', terminationGracePeriodSeconds: 9 }),
  );
  cluster.run('a-0', { ready: false });
  const subsets = () => cluster.objects.get(endpoints, 'default', 'db')?.subsets;
  await cluster.until(() => subsets()?.[0]?.notReadyAddresses?.[0]?.hostname, 'a-0');
  cluster.run('a-0');
  await cluster.until(() => subsets()?.[0]?.addresses?.[0]?.targetRef?.name, 'a-0');
  expect(subsets()?.[0]?.ports).toEqual([{ name: 'pg', port: 5432, protocol: 'TCP' }]);
  cluster.registry.delete(pods, 'default', 'a-0');
  await cluster.until(subsets, []);
  const slice = () =>
    cluster.objects.list(endpointSlices, 'default').find((s) => s.metadata.name?.startsWith('db-'));
  await cluster.until(() => slice()?.endpoints?.[0]?.conditions, {
    ready: false,
    serving: true,
    terminating: true,
  });
  cluster.registry.delete(services, 'default', 'db');
  await cluster.until(() => cluster.objects.get(endpoints, 'default', 'db'), undefined);
  await cluster.until(slice, undefined);
});

test('Endpoints that somebody else writes are mirrored, never written over and never deleted', async () => {
  cluster.objects.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('demo'),
    spec: { ports: [{ name: 'postgresql', port: 5432 }] },
  });
  cluster.objects.create(endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: meta('demo', { annotations: { leader: 'demo-0' } }),
    subsets: [{ addresses: [{ ip: '10.0.0.9' }], ports: [{ name: 'postgresql', port: 5432 }] }],
  });
  const mirror = () =>
    cluster.objects.list(endpointSlices, 'default').find((s) => s.metadata.name?.startsWith('demo-'));
  await cluster.until(() => mirror()?.endpoints, [{ addresses: ['10.0.0.9'], conditions: { ready: true } }]);
  cluster.registry.delete(services, 'default', 'demo');
  await cluster.until(mirror, undefined);
  await cluster.settled();
  expect(cluster.objects.get(endpoints, 'default', 'demo')?.subsets).toHaveLength(1);
});

test('dependents go when their last owner does', async () => {
  const first = create(configMap('first'));
  const second = create(configMap('second'));
  create(configMap('child', [first, second]));
  cluster.registry.delete(configMaps, 'default', 'first');
  await cluster.until(
    () => cluster.objects.get(configMaps, 'default', 'child')?.metadata.ownerReferences?.map((r) => r.name),
    ['second'],
  );
  cluster.registry.delete(configMaps, 'default', 'second');
  await cluster.until(() => has('child'), false);
});

test('an owner made anew is another one', async () => {
  const old = create(configMap('owner'));
  cluster.registry.delete(configMaps, 'default', 'owner');
  create(configMap('owner'));
  create(configMap('child', [old]));
  await cluster.until(() => has('child'), false);
  expect(has('owner')).toBe(true);
});

test('foreground: the owner waits for dependents that block it', async () => {
  const owner = create(configMap('owner'));
  const child = configMap('child', [owner], true);
  create({ ...child, metadata: { ...child.metadata, finalizers: ['example.com/hold'] } });
  cluster.registry.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Foreground' });
  await cluster.until(
    () => cluster.objects.get(configMaps, 'default', 'child')?.metadata.deletionTimestamp !== undefined,
    true,
  );
  expect(has('owner')).toBe(true);
  const waiting = cluster.objects.get(configMaps, 'default', 'child');
  if (waiting) cluster.objects.update(configMaps, withMetadata(waiting, { finalizers: [] }));
  await cluster.until(() => has('owner') || has('child'), false);
});

test('orphan: dependents stay and lose the reference', async () => {
  const owner = create(configMap('owner'));
  create(configMap('child', [owner]));
  await cluster.settled();
  cluster.registry.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Orphan' });
  await cluster.until(() => has('owner'), false);
  expect(cluster.objects.get(configMaps, 'default', 'child')?.metadata.ownerReferences ?? []).toEqual([]);
});

test('a claim gets a directory, keeps it while a pod uses it, and takes it along', async () => {
  const { uid } = createClaim('data').metadata;
  await cluster.until(() => claimPhase('data'), 'Bound');
  const volume = () => cluster.objects.get(persistentVolumes, undefined, `pvc-${uid}`);
  await cluster.until(() => volume()?.status?.phase, 'Bound');
  const path = volume()?.spec?.hostPath?.path ?? '';
  expect(statSync(path).mode & 0o777).toBe(0o777);
  cluster.objects.create(
    pods,
    pod('p', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }),
  );
  cluster.run('p');
  cluster.registry.delete(persistentVolumeClaims, 'default', 'data');
  await cluster.settled();
  expect(claimPhase('data')).toBe('Bound');
  expect(existsSync(path)).toBe(true);
  cluster.finish('p');
  await cluster.until(() => claimPhase('data') ?? volume(), undefined);
  expect(existsSync(path)).toBe(false);
});

const grow = (name: string, storage: string): void => {
  const present = cluster.objects.get(persistentVolumeClaims, 'default', name);
  if (!present) throw new Error('no claim');
  cluster.objects.update(persistentVolumeClaims, {
    ...present,
    spec: { ...present.spec, resources: { requests: { storage } } },
  });
};
const claimStatus = (name: string) => cluster.objects.get(persistentVolumeClaims, 'default', name)?.status;

test('a claim without a limit grows at once, and never shrinks', async () => {
  const uid = createClaim('data').metadata.uid ?? '';
  await cluster.until(() => claimPhase('data'), 'Bound');
  grow('data', '5Gi');
  await cluster.until(() => claimStatus('data')?.capacity, { storage: '5Gi' });
  expect(cluster.objects.get(persistentVolumes, undefined, `pvc-${uid}`)?.spec?.capacity).toEqual({
    storage: '5Gi',
  });
  expect(() => grow('data', '4Gi')).toThrow('field can not be less than previous value');
});

test('the file of a claim with a limit grows at once; its file system is the node’s to grow', async () => {
  await cluster.close();
  cluster = await TestCluster.start({ limits: { enforced: true } });
  const uid = createClaim('data', { storageClassName: 'sized' }).metadata.uid ?? '';
  await cluster.until(() => claimPhase('data'), 'Bound');
  const size = () => statSync(join(cluster.directory, 'volume-images', `pvc-${uid}.xfs`)).size;
  expect(size()).toBe(1024 ** 3);
  grow('data', '2Gi');
  await cluster.until(
    () => claimStatus('data')?.conditions?.map(({ type }) => type),
    ['FileSystemResizePending'],
  );
  expect(size()).toBe(2 * 1024 ** 3);
  expect(claimStatus('data')?.capacity).toEqual({ storage: '1Gi' });
  expect(cluster.objects.get(persistentVolumes, undefined, `pvc-${uid}`)?.spec?.capacity).toEqual({
    storage: '2Gi',
  });
});

test('a claim of class sized is told when this machine cannot keep it to its size', async () => {
  const { metadata } = createClaim('data', { storageClassName: 'sized' });
  await cluster.until(() => claimPhase('data'), 'Bound');
  const told = cluster.objects
    .list(events, 'default')
    .filter(({ involvedObject, type }) => involvedObject.uid === metadata.uid && type === 'Warning');
  expect(told.map(({ message }) => message)).toEqual(['nothing keeps this volume to its size: a test']);
});

test('a retained volume is Released, and bound again once it is reserved for a new claim', async () => {
  const { uid } = createClaim('data').metadata;
  await cluster.until(() => claimPhase('data'), 'Bound');
  const volume = () => cluster.objects.get(persistentVolumes, undefined, `pvc-${uid}`);
  const bound = volume();
  if (!bound?.spec) throw new Error('no volume');
  cluster.objects.update(persistentVolumes, {
    ...bound,
    spec: { ...bound.spec, persistentVolumeReclaimPolicy: 'Retain' },
  });
  cluster.registry.delete(persistentVolumeClaims, 'default', 'data');
  await cluster.until(() => volume()?.status?.phase, 'Released');
  expect(existsSync(volume()?.spec?.hostPath?.path ?? '')).toBe(true);
  const released = volume();
  if (!released?.spec) throw new Error('no volume');
  const { claimRef: _, ...spec } = released.spec;
  cluster.objects.update(persistentVolumes, { ...released, spec });
  await cluster.until(() => volume()?.status?.phase, 'Available');
  createClaim('again', { volumeName: `pvc-${uid}` });
  await cluster.until(() => claimPhase('again'), 'Bound');
});

test('a claim without class takes the smallest volume that satisfies it', async () => {
  for (const [name, storage] of [
    ['big', '5Gi'],
    ['small', '2Gi'],
    ['tiny', '500Mi'],
  ] as const) {
    cluster.objects.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/nowhere/${name}` } },
    });
  }
  await cluster.until(
    () => cluster.objects.list(persistentVolumes).every(({ status }) => status?.phase === 'Available'),
    true,
  );
  createClaim('static', { storageClassName: '' });
  await cluster.until(
    () => cluster.objects.get(persistentVolumeClaims, 'default', 'static')?.spec?.volumeName,
    'small',
  );
  await cluster.until(() => claimPhase('static'), 'Bound');
});

test('a disruption budget counts the healthy', async () => {
  cluster.objects.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta('budget'),
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } },
  });
  for (const name of ['a-0', 'a-1']) {
    cluster.objects.create(pods, pod(name));
    cluster.run(name);
  }
  const status = () => cluster.objects.get(podDisruptionBudgets, 'default', 'budget')?.status;
  await cluster.until(() => status()?.disruptionsAllowed, 1);
  expect(status()).toMatchObject({ currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
  cluster.run('a-0', { ready: false });
  await cluster.until(
    () => status()?.conditions?.[0],
    expect.objectContaining({ status: 'False', reason: 'InsufficientPods' }),
  );
});
