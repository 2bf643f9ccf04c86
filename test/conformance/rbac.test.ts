// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, createClient } from '@pgherd/kube/client';
import type { Client } from '@pgherd/kube/client';
import { configMaps, namespaces, roleBindings, roles, serviceAccounts } from '@pgherd/kube/objects';
import type { PolicyRule } from '@pgherd/kube/objects';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const namespace = `pgherd-rbac-${randomBytes(4).toString('hex')}`;
const apiGroup = 'rbac.authorization.k8s.io';
let admin: Client;
let robot: Client;

const key = (name: string): { namespace: string; name: string } => ({ namespace, name });
const forbidden = { code: 403, reason: 'Forbidden' };
const RULES: PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get', 'list'] },
  { apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['delete'] },
  { apiGroups: [apiGroup], resources: ['roles'], verbs: ['create'] },
];

beforeAll(async () => {
  const { kubeconfigPath } = await useCluster();
  const { client, connection } = await connect({ kubeconfig: kubeconfigPath });
  admin = client;
  await admin.create(namespaces, { metadata: { name: namespace } });
  await admin.create(serviceAccounts, { metadata: key('robot') });
  await admin.create(roles, { metadata: key('robot'), rules: RULES });
  await admin.create(roleBindings, {
    metadata: key('robot'),
    roleRef: { apiGroup, kind: 'Role', name: 'robot' },
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace }],
  });
  const { token } = await admin.createToken(key('robot'), { expirationSeconds: 600 });
  const headers = { authorization: `Bearer ${token}` };
  robot = createClient({ ...connection, credentials: { get: () => Promise.resolve({ headers }) } });
  await eventually('the binding is known to the authorizer', async () => {
    const { allowed } = await robot.canI({ verb: 'create', resource: 'configmaps', namespace });
    return allowed;
  });
});
afterAll(async () => {
  await admin?.delete(namespaces, { name: namespace }, { ignoreNotFound: true });
  admin?.close();
  robot?.close();
});

test('verbs: what no rule names is refused, in words that say what', async () => {
  const created = await robot.create(configMaps, { metadata: key('verbs'), data: { a: '1' } });
  await expect(robot.update(configMaps, { ...created, data: {} })).rejects.toMatchObject({
    ...forbidden,
    message: `configmaps "verbs" is forbidden: User "system:serviceaccount:${namespace}:robot" cannot update resource "configmaps" in API group "" in the namespace "${namespace}"`,
  });
});

test('a Role counts in its namespace only', async () => {
  await expect(robot.list(configMaps, { namespace: 'default' })).rejects.toMatchObject(forbidden);
  await expect(robot.list(configMaps)).rejects.toMatchObject(forbidden);
  expect((await robot.list(configMaps, { namespace })).items).toBeInstanceOf(Array);
});

test('resourceNames allow single objects', async () => {
  await robot.create(configMaps, { metadata: key('mine') });
  await robot.create(configMaps, { metadata: key('others') });
  await robot.delete(configMaps, key('mine'));
  await expect(robot.delete(configMaps, key('others'))).rejects.toMatchObject(forbidden);
});

test('SelfSubjectAccessReview answers without doing', async () => {
  const may = async (verb: string, name?: string): Promise<boolean> => {
    const question = { verb, resource: 'configmaps', namespace, ...(name ? { name } : {}) };
    return (await robot.canI(question)).allowed;
  };
  expect([await may('get'), await may('delete'), await may('delete', 'mine')]).toEqual([true, false, true]);
});

test('nobody creates a role with rights that he has not', async () => {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
  await robot.create(roles, { metadata: key('weaker'), rules });
  const stronger = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
  await expect(robot.create(roles, { metadata: key('stronger'), rules: stronger })).rejects.toMatchObject(
    forbidden,
  );
});

test('every service account may discover the API, none may read without rules', async () => {
  expect(await robot.raw('GET', '/apis')).toMatchObject({ kind: 'APIGroupList' });
  await expect(robot.raw('GET', '/metrics')).rejects.toMatchObject({ code: 403 });
});

test('a token ends with its service account', async () => {
  await admin.delete(serviceAccounts, key('robot'));
  await eventually('the token is refused', async () => {
    const error: unknown = await robot.list(configMaps, { namespace }).catch((thrown: unknown) => thrown);
    return (error as { code?: number }).code === 401;
  });
  await expect(robot.list(configMaps, { namespace })).rejects.toMatchObject({ code: 401 });
});
