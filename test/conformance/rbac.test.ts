import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { useLab, type Answer, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
const lab = useLab('rbac');
const rbac = 'rbac.authorization.k8s.io/v1';
let token = '';
const as = (method: string, path: string, options: object = {}): Promise<Answer> =>
  lab.request(method, path, { ...options, token });
const maps = (...rest: string[]): string => lab.in('v1', 'configmaps', ...rest);

const tokenOf = async (name: string, spec: object = {}): Promise<Loose> =>
  lab.ok('POST', lab.in('v1', 'serviceaccounts', name, 'token'), {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  });
const account = async (name: string): Promise<void> => {
  await lab.ok('POST', lab.in('v1', 'serviceaccounts'), {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name },
  });
};
const grant = async (name: string, rules: object[], subject = 'robot'): Promise<void> => {
  await lab.ok('POST', lab.in(rbac, 'roles'), { apiVersion: rbac, kind: 'Role', metadata: { name }, rules });
  await lab.ok('POST', lab.in(rbac, 'rolebindings'), {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name: subject, namespace: lab.namespace }],
  });
};

beforeAll(async () => {
  await account('robot');
  ({ token } = (await tokenOf('robot')).status);
  for (const name of ['one', 'two'])
    await lab.ok('POST', maps(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
});

test('nothing is allowed that no role allows; the refusal says who, what and where (rbac/#api-overview)', async () => {
  const { code, body } = await as('GET', maps());
  expect(code).toBe(403);
  expect(body).toMatchObject({ kind: 'Status', reason: 'Forbidden' });
  expect(body.message).toContain(
    `configmaps is forbidden: User "system:serviceaccount:${lab.namespace}:robot" cannot list resource "configmaps" in API group "" in the namespace "${lab.namespace}"`,
  );
});

test('a role in a namespace allows its verbs there and nowhere else (rbac/#role-and-clusterrole)', async () => {
  await grant('reader', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]);
  await eventually('it may list', async () => (await as('GET', maps())).code === 200);
  expect((await as('GET', maps('one'))).code).toBe(200);
  expect((await as('DELETE', maps('one'))).code).toBe(403);
  expect((await as('GET', `${maps()}?watch=1&timeoutSeconds=1`)).code).toBe(403);
  expect((await as('GET', '/api/v1/namespaces/default/configmaps')).code).toBe(403);
  expect((await as('GET', '/api/v1/configmaps')).code).toBe(403);
});

test('resourceNames narrow it to objects (rbac/#referring-to-resources)', async () => {
  await grant('named', [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['two'], verbs: ['update', 'patch'] },
  ]);
  const patch = (name: string): Promise<Answer> =>
    as('PATCH', maps(name), { body: { data: { a: '1' } }, type: 'application/merge-patch+json' });
  await eventually('it may patch', async () => (await patch('two')).code === 200);
  expect((await patch('one')).code).toBe(403);
});

test('subresources are resources of their own (rbac/#referring-to-resources)', async () => {
  await grant('tokens', [{ apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }]);
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  await eventually('it may make tokens', async () => {
    return (await as('POST', lab.in('v1', 'serviceaccounts', 'robot', 'token'), { body })).code === 201;
  });
  expect((await as('GET', lab.in('v1', 'serviceaccounts', 'robot'))).code).toBe(403);
});

test('nobody grants what he does not have (rbac/#privilege-escalation-prevention-and-bootstrapping)', async () => {
  const all = ['create', 'update', 'patch', 'get', 'delete'];
  await grant('manager', [
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: all },
  ]);
  const role = (name: string, resource: string, verb: string): Promise<Answer> =>
    as('POST', lab.in(rbac, 'roles'), {
      body: {
        apiVersion: rbac,
        kind: 'Role',
        metadata: { name },
        rules: [{ apiGroups: [''], resources: [resource], verbs: [verb] }],
      },
    });
  await eventually('it may make roles', async () => (await role('own', 'configmaps', 'get')).code !== 403);
  const refused = await role('more', 'secrets', 'get');
  expect(refused.code).toBe(403);
  expect(refused.body.message).toContain('attempting to grant RBAC permissions not currently held');
  const binding = await as('POST', lab.in(rbac, 'rolebindings'), {
    body: {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name: 'bind' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: lab.namespace }],
    },
  });
  expect(binding.code).toBe(403);
});

test('roleRef is immutable (rbac/#clusterrolebinding-example)', async () => {
  await grant('fixed', []);
  const binding = await lab.ok('GET', lab.in(rbac, 'rolebindings', 'fixed'));
  const { code } = await lab.request('PUT', lab.in(rbac, 'rolebindings', 'fixed'), {
    body: { ...binding, roleRef: { ...binding.roleRef, name: 'other' } },
  });
  expect(code).toBe(422);
});

test('reviews: what may I, what may somebody (access-authn-authz/authorization/#checking-api-access)', async () => {
  const group = 'authorization.k8s.io/v1';
  const ask = (resourceAttributes: object): Promise<Answer> =>
    as('POST', `/apis/${group}/selfsubjectaccessreviews`, {
      body: { apiVersion: group, kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
    });
  const { namespace } = lab;
  const yes = await ask({ verb: 'get', resource: 'configmaps', namespace });
  expect(yes.code).toBe(201);
  expect(yes.body.status.allowed).toBe(true);
  expect((await ask({ verb: 'get', resource: 'secrets', namespace })).body.status.allowed).toBe(false);
  const somebody = await lab.ok('POST', `/apis/${group}/subjectaccessreviews`, {
    apiVersion: group,
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:robot`,
      resourceAttributes: { verb: 'patch', resource: 'configmaps', name: 'two', namespace },
    },
  });
  expect(somebody.status.allowed).toBe(true);
  const rules = await as('POST', `/apis/${group}/selfsubjectrulesreviews`, {
    body: { apiVersion: group, kind: 'SelfSubjectRulesReview', spec: { namespace } },
  });
  expect(rules.body.status.resourceRules).toContainEqual(
    expect.objectContaining({ resources: ['configmaps'], verbs: ['get', 'list'] }),
  );
});

test('tokens: time, audience; a wrong one is 401, one of a deleted account too (configure-service-account/#launch-a-pod-using-service-account-token-projection; service-accounts-admin)', async () => {
  const request = await tokenOf('robot', { expirationSeconds: 3600 });
  const left = Date.parse(request.status.expirationTimestamp) - Date.now();
  expect(left).toBeGreaterThan(3_000_000);
  expect(left).toBeLessThan(3_700_000);
  const foreign = (await tokenOf('robot', { audiences: ['somebody.else'] })).status.token;
  expect((await lab.request('GET', maps(), { token: foreign })).code).toBe(401);
  expect((await lab.request('GET', maps(), { token: 'nonsense' })).code).toBe(401);
  const short = await lab.request('POST', lab.in('v1', 'serviceaccounts', 'robot', 'token'), {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 10 } },
  });
  expect(short.code).toBe(422);
  await account('leaver');
  const leaver = (await tokenOf('leaver')).status.token;
  expect((await lab.request('GET', maps(), { token: leaver })).code).toBe(403);
  await lab.ok('DELETE', lab.in('v1', 'serviceaccounts', 'leaver'));
  await eventually('the token is refused', async () => {
    return (await lab.request('GET', maps(), { token: leaver })).code === 401;
  });
  const review = await lab.ok('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token },
  });
  expect(review.status).toMatchObject({
    authenticated: true,
    user: { username: `system:serviceaccount:${lab.namespace}:robot` },
  });
});

test('cluster roles that are always there (rbac/#user-facing-roles)', async () => {
  for (const name of ['cluster-admin', 'admin', 'edit', 'view', 'system:discovery'])
    expect((await lab.request('GET', `/apis/${rbac}/clusterroles/${name}`)).code, name).toBe(200);
  // Every authenticated user may look at what is served.
  expect((await as('GET', '/api/v1')).code).toBe(200);
});
