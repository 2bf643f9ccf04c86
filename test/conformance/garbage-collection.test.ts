// Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ and
// https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '@pgherd/kube/client';
import type { Client } from '@pgherd/kube/client';
import { configMaps, namespaces } from '@pgherd/kube/objects';
import type { ConfigMap } from '@pgherd/kube/objects';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const namespace = `pgherd-gc-${randomBytes(4).toString('hex')}`;
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

const key = (name: string): { namespace: string; name: string } => ({ namespace, name });
const gone = async (name: string): Promise<boolean> =>
  (await client.find(configMaps, key(name))) === undefined;
const make = (name: string, owners: ConfigMap[] = [], finalizers: string[] = []): Promise<ConfigMap> =>
  client.create(configMaps, {
    metadata: {
      ...key(name),
      finalizers,
      ownerReferences: owners.map(({ metadata }) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: metadata.name ?? '',
        uid: metadata.uid ?? '',
        blockOwnerDeletion: true,
      })),
    },
  });
const release = (name: string): Promise<ConfigMap> =>
  client.patch(configMaps, key(name), { type: 'merge', body: { metadata: { finalizers: null } } });

test('background: the owner is gone at once, its dependents follow', async () => {
  await make('bg-child', [await make('bg-owner')]);
  await client.delete(configMaps, key('bg-owner'), { propagationPolicy: 'Background' });
  expect(await gone('bg-owner')).toBe(true);
  await expect(eventually('the dependent goes', () => gone('bg-child'))).resolves.toBe(true);
});

test('a dependent stays as long as one of its owners does', async () => {
  const owners = [await make('two-a'), await make('two-b')];
  await make('two-child', owners);
  await client.delete(configMaps, key('two-a'));
  const left = await eventually('the reference to the lost owner goes', async () => {
    const { metadata } = await client.get(configMaps, key('two-child'));
    return metadata.ownerReferences?.length === 1 ? metadata.ownerReferences : undefined;
  });
  expect(left.map(({ name }) => name)).toEqual(['two-b']);
});

test('an owner made anew under the same name is not the owner', async () => {
  const old = await make('again');
  await client.delete(configMaps, key('again'));
  const anew = await make('again');
  await make('again-child', [old]);
  await eventually('the dependent goes', () => gone('again-child'));
  expect((await client.get(configMaps, key('again'))).metadata.uid).toBe(anew.metadata.uid);
});

test('foreground: the owner waits with a finalizer until what blocks it is gone', async () => {
  await make('fg-child', [await make('fg-owner')], ['example.com/hold']);
  await client.delete(configMaps, key('fg-owner'), { propagationPolicy: 'Foreground' });
  await eventually('the dependent is being deleted', async () => {
    return (await client.get(configMaps, key('fg-child'))).metadata.deletionTimestamp !== undefined;
  });
  expect((await client.get(configMaps, key('fg-owner'))).metadata.finalizers).toEqual(['foregroundDeletion']);
  await release('fg-child');
  await eventually('both go', async () => (await gone('fg-child')) && (await gone('fg-owner')));
});

test('orphan: dependents stay, without the reference', async () => {
  await make('or-child', [await make('or-owner')]);
  await client.delete(configMaps, key('or-owner'), { propagationPolicy: 'Orphan' });
  await eventually('the owner goes', () => gone('or-owner'));
  expect((await client.get(configMaps, key('or-child'))).metadata.ownerReferences ?? []).toEqual([]);
});
