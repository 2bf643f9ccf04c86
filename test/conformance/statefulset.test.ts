// Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
// The image does not exist: nothing here needs a pod to run, so that any cluster is the same.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '@pgherd/kube/client';
import type { Client } from '@pgherd/kube/client';
import { namespaces, persistentVolumeClaims, pods, statefulSets } from '@pgherd/kube/objects';
import type { StatefulSet } from '@pgherd/kube/objects';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const namespace = `pgherd-sts-${randomBytes(4).toString('hex')}`;
let client: Client;

beforeAll(async () => {
  const { kubeconfigPath } = await useCluster();
  ({ client } = await connect({ kubeconfig: kubeconfigPath }));
  await client.create(namespaces, { metadata: { name: namespace } });
});
afterAll(async () => {
  await client?.delete(namespaces, { name: namespace }, { ignoreNotFound: true });
  client?.close();
});

const make = (name: string, spec: Partial<NonNullable<StatefulSet['spec']>>): Promise<StatefulSet> =>
  client.create(statefulSets, {
    metadata: { namespace, name },
    spec: {
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image: 'pgherd.invalid/none:1', imagePullPolicy: 'Never' }],
        },
      },
      ...spec,
    },
  });
const names = async (name: string): Promise<string[]> => {
  const { items } = await client.list(pods, { namespace, labelSelector: `app=${name}` });
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name ?? '')
    .sort();
};
const scale = (name: string, replicas: number): Promise<StatefulSet> =>
  client.patch(statefulSets, { namespace, name }, { type: 'merge', body: { spec: { replicas } } });

test('OrderedReady makes the next pod only after the one before is ready', async () => {
  await make('ordered', { replicas: 3 });
  await eventually('the first pod', async () => (await names('ordered')).length > 0);
  const status = await eventually('the status has seen it', async () => {
    const set = await client.get(statefulSets, { namespace, name: 'ordered' });
    return set.status?.replicas === 1 ? set.status : undefined;
  });
  expect(status).toMatchObject({ observedGeneration: 1, currentReplicas: 1, updatedReplicas: 1 });
  expect(await names('ordered')).toEqual(['ordered-0']);
});

test('Parallel makes all, removes from the highest ordinal, and keeps claims', async () => {
  await make('parallel', {
    replicas: 3,
    podManagementPolicy: 'Parallel',
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
    ],
  });
  await eventually('three pods', async () => (await names('parallel')).length === 3);
  await scale('parallel', 1);
  await eventually('one pod', async () => (await names('parallel')).join() === 'parallel-0');
  const claims = await client.list(persistentVolumeClaims, { namespace, labelSelector: 'app=parallel' });
  expect(
    claims.items.map(({ metadata }) => metadata.name).sort((a = '', b = '') => a.localeCompare(b)),
  ).toEqual(['data-parallel-0', 'data-parallel-1', 'data-parallel-2']);
});

test('a pod has the identity of its ordinal', async () => {
  await make('identity', { replicas: 1, ordinals: { start: 4 } });
  await eventually('the pod', async () => (await names('identity')).join() === 'identity-4');
  const pod = await client.get(pods, { namespace, name: 'identity-4' });
  expect(pod.spec).toMatchObject({ hostname: 'identity-4', subdomain: 'identity' });
  expect(pod.metadata.labels).toMatchObject({
    'statefulset.kubernetes.io/pod-name': 'identity-4',
    'apps.kubernetes.io/pod-index': '4',
  });
  expect(pod.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'StatefulSet', controller: true });
});

test('a deleted pod comes back under its name, another one', async () => {
  await make('again', { replicas: 1 });
  await eventually('the pod', async () => (await names('again')).length === 1);
  const first = await client.get(pods, { namespace, name: 'again-0' });
  await client.delete(pods, { namespace, name: 'again-0' });
  const second = await eventually('another pod', async () => {
    const pod = await client.find(pods, { namespace, name: 'again-0' });
    return pod && pod.metadata.uid !== first.metadata.uid ? pod : undefined;
  });
  expect(second.metadata.labels).toEqual(first.metadata.labels);
});
