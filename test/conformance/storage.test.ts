import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { shellPod, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/storage/persistent-volumes/
const lab = useLab('storage');
const path = (...rest: string[]): string => lab.in('v1', 'persistentvolumeclaims', ...rest);
const claim = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
});
const using = (name: string, claimName: string, command: string): Loose =>
  shellPod(lab.image, name, command, {
    spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] },
    container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
  });
const ended = (name: string): Promise<Loose> =>
  eventually(`${name} has succeeded`, async () => {
    const pod = await lab.ok('GET', lab.in('v1', 'pods', name));
    return pod.status.phase === 'Succeeded' ? pod : undefined;
  });

test('the default class provisions a volume; data outlives the pod; Delete removes the volume (persistent-volumes/#lifecycle-of-a-volume-and-claim)', async () => {
  const created = await lab.ok('POST', path(), claim('data'));
  expect(created.spec.storageClassName, 'a cluster with a default storage class is needed').toBeTruthy();
  expect(created.status.phase).toBe('Pending');
  expect(created.metadata.finalizers).toContain('kubernetes.io/pvc-protection');
  await lab.ok('POST', lab.in('v1', 'pods'), using('writer', 'data', 'echo kept > /v/file'));
  await ended('writer');
  const bound = await lab.ok('GET', path('data'));
  expect(bound.status).toMatchObject({ phase: 'Bound', accessModes: ['ReadWriteOnce'] });
  expect(bound.status.capacity.storage).toBeTruthy();
  const volume = await lab.ok('GET', `/api/v1/persistentvolumes/${bound.spec.volumeName}`);
  expect(volume).toMatchObject({
    spec: { claimRef: { kind: 'PersistentVolumeClaim', namespace: lab.namespace, name: 'data' } },
    status: { phase: 'Bound' },
  });
  await lab.ok('POST', lab.in('v1', 'pods'), using('reader', 'data', 'grep kept /v/file'));
  await ended('reader');
  const policy = volume.spec.persistentVolumeReclaimPolicy;
  for (const name of ['writer', 'reader']) await lab.ok('DELETE', lab.in('v1', 'pods', name));
  await lab.ok('DELETE', path('data'));
  await eventually('the claim is gone', async () => (await lab.request('GET', path('data'))).code === 404);
  await eventually('the volume follows its policy', async () => {
    const { code, body } = await lab.request('GET', `/api/v1/persistentvolumes/${volume.metadata.name}`);
    return policy === 'Delete' ? code === 404 : body.status?.phase === 'Released';
  });
});

test('a claim in use is not removed before its pod (persistent-volumes/#storage-object-in-use-protection)', async () => {
  await lab.ok('POST', path(), claim('used'));
  await lab.ok('POST', lab.in('v1', 'pods'), using('user', 'used', 'sleep 3600'));
  await eventually('the pod runs', async () => {
    return (await lab.ok('GET', lab.in('v1', 'pods', 'user'))).status.phase === 'Running';
  });
  await lab.ok('DELETE', path('used'));
  expect((await lab.ok('GET', path('used'))).metadata.deletionTimestamp).toBeTruthy();
  await lab.ok('DELETE', lab.in('v1', 'pods', 'user'));
  await eventually('the claim is gone', async () => (await lab.request('GET', path('used'))).code === 404);
});

test('the spec of a claim is immutable, its request does not shrink (persistent-volumes/#expanding-persistent-volumes-claims)', async () => {
  const created = await lab.ok('POST', path(), claim('fixed'));
  for (const spec of [{ accessModes: ['ReadWriteMany'] }, { resources: { requests: { storage: '1Ki' } } }]) {
    const { code } = await lab.request('PUT', path('fixed'), {
      body: { ...created, metadata: { name: 'fixed' }, spec: { ...created.spec, ...spec } },
    });
    expect([403, 422], JSON.stringify(spec)).toContain(code);
  }
});
