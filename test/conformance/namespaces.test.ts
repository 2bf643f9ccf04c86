import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
const lab = useLab('namespaces');
const make = async (name: string): Promise<string> => {
  await lab.ok('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return `/api/v1/namespaces/${name}`;
};
const gone = (path: string): Promise<boolean> =>
  eventually(`${path} is gone`, async () => (await lab.request('GET', path)).code === 404);

test('a new one is Active, has its name as a label and a default service account (namespaces/#automatic-labelling)', async () => {
  const path = await make(lab.unique('conformance-new'));
  const namespace = await lab.ok('GET', path);
  expect(namespace.status.phase).toBe('Active');
  expect(namespace.metadata.labels['kubernetes.io/metadata.name']).toBe(namespace.metadata.name);
  expect(namespace.spec.finalizers).toEqual(['kubernetes']);
  await eventually('its service account', async () => {
    return (await lab.request('GET', `${path}/serviceaccounts/default`)).code === 200;
  });
  const root = await eventually('the root certificate', async () => {
    const { code, body } = await lab.request('GET', `${path}/configmaps/kube-root-ca.crt`);
    return code === 200 ? body : undefined;
  });
  expect(root.data['ca.crt']).toContain('BEGIN CERTIFICATE');
  await lab.ok('DELETE', path);
  await gone(path);
});

test('deletion takes everything along, after its finalizers; nothing new meanwhile (tasks/administer-cluster/namespaces/#deleting-a-namespace)', async () => {
  const path = await make(lab.unique('conformance-going'));
  const body = (name: string, finalizers: string[] = []): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, finalizers },
  });
  await lab.ok('POST', `${path}/configmaps`, body('plain'));
  await lab.ok('POST', `${path}/configmaps`, body('held', ['example.com/hold']));
  await lab.ok('DELETE', path);
  await eventually('the plain one is gone', async () => {
    return (await lab.request('GET', `${path}/configmaps/plain`)).code === 404;
  });
  expect((await lab.ok('GET', path)).status.phase).toBe('Terminating');
  const late = await lab.request('POST', `${path}/configmaps`, { body: body('late') });
  expect(late.code).toBe(403);
  expect(late.body.details.causes[0].reason).toBe('NamespaceTerminating');
  await lab.ok('PATCH', `${path}/configmaps/held`, { metadata: { finalizers: null } }, patchTypes.merge);
  await gone(path);
});

test('the name is a DNS label (namespaces/#namespaces-and-dns)', async () => {
  for (const name of ['with.dot', 'x'.repeat(64)]) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    expect((await lab.request('POST', '/api/v1/namespaces', { body })).code, name).toBe(422);
  }
});

test('default and kube-system are there (namespaces/#initial-namespaces)', async () => {
  for (const name of ['default', 'kube-system'])
    expect((await lab.request('GET', `/api/v1/namespaces/${name}`)).code, name).toBe(200);
});
