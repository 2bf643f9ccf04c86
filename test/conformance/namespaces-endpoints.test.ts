// Sources: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/,
// https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors and
// https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '@pgherd/kube/client';
import type { Client } from '@pgherd/kube/client';
import {
  configMaps,
  endpointSlices,
  endpoints,
  namespaces,
  serviceAccounts,
  services,
} from '@pgherd/kube/objects';
import type { EndpointSlice } from '@pgherd/kube/objects';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const namespace = `pgherd-ns-${randomBytes(4).toString('hex')}`;
let client: Client;

beforeAll(async () => {
  const { kubeconfigPath } = await useCluster();
  ({ client } = await connect({ kubeconfig: kubeconfigPath }));
  await client.create(namespaces, { metadata: { name: namespace } });
});
afterAll(async () => {
  for (const name of [namespace, `${namespace}-gone`]) {
    await client?.delete(namespaces, { name }, { ignoreNotFound: true });
  }
  client?.close();
});

const key = (name: string): { namespace: string; name: string } => ({ namespace, name });
const slicesOf = async (name: string): Promise<EndpointSlice[]> => {
  const labelSelector = `kubernetes.io/service-name=${name}`;
  return (await client.list(endpointSlices, { namespace, labelSelector })).items;
};

test('a namespace has its name as label, a service account and the authority', async () => {
  const { metadata } = await client.get(namespaces, { name: namespace });
  expect(metadata.labels).toMatchObject({ 'kubernetes.io/metadata.name': namespace });
  await eventually('the service account', () => client.find(serviceAccounts, key('default')));
  const authority = await eventually('the authority', () => client.find(configMaps, key('kube-root-ca.crt')));
  expect(authority.data?.['ca.crt']).toContain('BEGIN CERTIFICATE');
});

test('a namespace goes after its content, takes nothing new meanwhile, and waits for finalizers', async () => {
  const name = `${namespace}-gone`;
  await client.create(namespaces, { metadata: { name } });
  const held = { namespace: name, name: 'held' };
  await client.create(configMaps, { metadata: { ...held, finalizers: ['example.com/hold'] } });
  await client.delete(namespaces, { name });
  const waiting = await eventually('the conditions say what it waits for', async () => {
    const { status } = await client.get(namespaces, { name });
    return status?.conditions?.some(
      ({ type, status: is }) => type === 'NamespaceFinalizersRemaining' && is === 'True',
    )
      ? status
      : undefined;
  });
  expect(waiting.phase).toBe('Terminating');
  await expect(
    client.create(configMaps, { metadata: { namespace: name, name: 'late' } }),
  ).rejects.toMatchObject({
    code: 403,
    reason: 'Forbidden',
  });
  await client.patch(configMaps, held, { type: 'merge', body: { metadata: { finalizers: null } } });
  await eventually('it is gone', async () => (await client.find(namespaces, { name })) === undefined);
});

test('Endpoints written for a Service without selector are kept as they are, and mirrored', async () => {
  const ports = [{ name: 'postgresql', port: 5432 }];
  await client.create(services, { metadata: key('manual'), spec: { ports } });
  const subsets = [
    { addresses: [{ ip: '192.0.2.7' }], ports: [{ name: 'postgresql', port: 5432, protocol: 'TCP' }] },
  ];
  await client.create(endpoints, { metadata: key('manual'), subsets });
  const slice = await eventually('the slice', async () => (await slicesOf('manual'))[0]);
  expect(slice).toMatchObject({
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.7'], conditions: { ready: true } }],
    ports: [{ name: 'postgresql', port: 5432, protocol: 'TCP' }],
  });
  expect(slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by']).toBe(
    'endpointslicemirroring-controller.k8s.io',
  );
  await client.update(endpoints, {
    ...(await client.get(endpoints, key('manual'))),
    subsets: [{ ...subsets[0], addresses: [{ ip: '192.0.2.8' }] }],
  });
  await eventually('the slice follows', async () => {
    return (await slicesOf('manual'))[0]?.endpoints?.[0]?.addresses.includes('192.0.2.8');
  });
  expect((await client.get(endpoints, key('manual'))).subsets?.[0]?.addresses).toEqual([{ ip: '192.0.2.8' }]);
});

test('a Service whose selector matches nothing has Endpoints without addresses', async () => {
  const spec = { selector: { app: 'nobody' }, ports: [{ port: 80 }] };
  await client.create(services, { metadata: key('lonely'), spec });
  const written = await eventually('the Endpoints', () => client.find(endpoints, key('lonely')));
  expect(written.subsets ?? []).toEqual([]);
  await client.delete(services, key('lonely'));
  await eventually('they go with the Service', async () => !(await client.find(endpoints, key('lonely'))));
});
