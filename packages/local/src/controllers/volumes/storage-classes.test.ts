import { persistentVolumeClaims, storageClasses } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../test-cluster.ts';
import { bindVolumesLate } from './storage-classes.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

const modes = (): Record<string, string | undefined> =>
  Object.fromEntries(
    cluster.objects
      .list(storageClasses)
      .map(({ metadata, volumeBindingMode }) => [metadata.name ?? '', volumeBindingMode]),
  );

test('with several nodes volumes wait for their first pod; everything else of the classes stays', async () => {
  expect(modes()).toEqual({ standard: 'Immediate', sized: 'Immediate' });
  const before = cluster.objects.get(storageClasses, undefined, 'standard');
  bindVolumesLate(cluster.registry);
  expect(modes()).toEqual({ standard: 'WaitForFirstConsumer', sized: 'WaitForFirstConsumer' });
  const after = cluster.objects.get(storageClasses, undefined, 'standard');
  expect(after?.metadata.annotations).toEqual(before?.metadata.annotations);
  expect(after?.allowVolumeExpansion).toBe(true);
  bindVolumesLate(cluster.registry);
  expect(cluster.objects.get(storageClasses, undefined, 'standard')?.metadata.uid).toBe(after?.metadata.uid);

  cluster.objects.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await cluster.settled();
  const claim = cluster.objects.get(persistentVolumeClaims, 'default', 'data');
  expect([claim?.spec?.storageClassName, claim?.status?.phase]).toEqual(['standard', 'Pending']);
});

test('a class that somebody made in its place is left alone', () => {
  const own = cluster.objects.get(storageClasses, undefined, 'standard')!;
  cluster.objects.delete(storageClasses, own);
  cluster.objects.create(storageClasses, {
    ...own,
    metadata: { name: 'standard' },
    provisioner: 'example.com/own',
  });
  bindVolumesLate(cluster.registry);
  expect(modes()['standard']).toBe('Immediate');
});
