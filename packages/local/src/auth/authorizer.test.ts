import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  systemClock,
  silentLogger,
} from '@pgherd/kube/objects';
import type { KubeObject, PolicyRule } from '@pgherd/kube/objects';
import { openRegistry } from '../registry/open-registry.ts';
import type { LocalRegistry } from '../registry/open-registry.ts';
import { aggregationController } from '../controllers/aggregation-controller.ts';
import { runController } from '../controllers/controller.ts';
import { Objects } from '../controllers/objects.ts';
import { serviceAccountUser } from './authenticator.ts';
import { createAuthorizer, forbiddenMessage } from './authorizer.ts';
import type { RbacAuthorizer } from './authorizer.ts';
import { ensureBootstrapPolicy } from './bootstrap-policy.ts';

const GROUP = 'rbac.authorization.k8s.io';
const user = { name: 'jane', groups: ['developers', 'system:authenticated'] };

let registry: LocalRegistry;
let authorizer: RbacAuthorizer;
beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
  authorizer = createAuthorizer(registry);
});
afterEach(() => {
  authorizer.close();
  registry.close();
});

const role = (
  kind: 'Role' | 'ClusterRole',
  name: string,
  rules: PolicyRule[],
  extra: object = {},
): KubeObject => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name, ...(kind === 'Role' ? { namespace: 'default' } : {}) },
  rules,
  ...extra,
});
const binding = (
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  to: object,
  roleKind: string,
  name: string,
): KubeObject => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name: `${name}-binding`, ...(kind === 'RoleBinding' ? { namespace: 'default' } : {}) },
  roleRef: { apiGroup: GROUP, kind: roleKind, name },
  subjects: [to],
});
const READ_PODS: PolicyRule[] = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }];
const mayGetPods = (who = user, namespace?: string): boolean =>
  authorizer.authorize({
    user: who,
    verb: 'get',
    group: '',
    resource: 'pods',
    ...(namespace ? { namespace } : {}),
  }).allowed;
const eventually = async (read: () => unknown, wanted: unknown): Promise<void> => {
  await expect.poll(read, { timeout: 5000, interval: 5 }).toEqual(wanted);
};

test('nobody may do anything, but members of system:masters everything', () => {
  expect(mayGetPods(user, 'default')).toBe(false);
  expect(mayGetPods({ name: 'x', groups: ['system:masters'] }, 'default')).toBe(true);
});

test('a RoleBinding grants in its namespace only, also what a ClusterRole says', async () => {
  registry.create(clusterRoles, undefined, role('ClusterRole', 'reader', READ_PODS));
  registry.create(
    roleBindings,
    'default',
    binding('RoleBinding', { kind: 'User', name: 'jane', apiGroup: GROUP }, 'ClusterRole', 'reader'),
  );
  await eventually(
    () => [mayGetPods(user, 'default'), mayGetPods(user, 'kube-system'), mayGetPods()],
    [true, false, false],
  );
  registry.delete(roleBindings, 'default', 'reader-binding');
  await eventually(() => mayGetPods(user, 'default'), false);
});

test('a ClusterRoleBinding grants everywhere, to groups and service accounts too', async () => {
  registry.create(clusterRoles, undefined, role('ClusterRole', 'reader', READ_PODS));
  registry.create(clusterRoleBindings, undefined, {
    ...binding('ClusterRoleBinding', {}, 'ClusterRole', 'reader'),
    subjects: [
      { kind: 'Group', name: 'developers', apiGroup: GROUP },
      { kind: 'ServiceAccount', name: 'robot', namespace: 'kube-system' },
    ],
  });
  await eventually(
    () => [mayGetPods(), mayGetPods(serviceAccountUser('kube-system', 'robot'))],
    [true, true],
  );
  expect(mayGetPods(serviceAccountUser('default', 'robot'))).toBe(false);
});

test('a binding to a role that is not there says so', async () => {
  registry.create(
    roleBindings,
    'default',
    binding('RoleBinding', { kind: 'User', name: 'jane', apiGroup: GROUP }, 'Role', 'none'),
  );
  await eventually(
    () =>
      authorizer.authorize({ user, verb: 'get', group: '', resource: 'pods', namespace: 'default' }).reason,
    'RBAC: Role "none" not found',
  );
});

test('nobody hands out rights that he has not', async () => {
  registry.create(roles, 'default', role('Role', 'reader', READ_PODS));
  registry.create(
    roleBindings,
    'default',
    binding('RoleBinding', { kind: 'User', name: 'jane', apiGroup: GROUP }, 'Role', 'reader'),
  );
  await eventually(() => mayGetPods(user, 'default'), true);
  const check = (rules: PolicyRule[]) => () =>
    authorizer.checkEscalation(user, 'Role', 'default', role('Role', 'x', rules));
  expect(check([{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }])).not.toThrow();
  expect(check([{ verbs: ['delete'], apiGroups: [''], resources: ['pods'] }])).toThrow(
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
  );
});

test('who changes labels of a role only hands out nothing', async () => {
  const present = role('Role', 'strong', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]);
  const check = (object: KubeObject) => () => authorizer.checkEscalation(user, 'Role', 'default', object);
  expect(check(present)).toThrow('attempting to grant RBAC permissions not currently held');
  registry.create(roles, 'default', present);
  await eventually(() => {
    check({ ...present, metadata: { ...present.metadata, labels: { a: 'b' } } })();
    return true;
  }, true);
});

test('the first policy: discovery for all, aggregated roles filled, taken rules given back', async () => {
  ensureBootstrapPolicy(registry);
  const running = runController(aggregationController(new Objects(registry)), {
    registry,
    clock: systemClock,
    log: silentLogger,
  });
  const get = { user, verb: 'get', path: '/apis/apps/v1' };
  await eventually(() => authorizer.authorize(get).allowed, true);
  registry.create(
    clusterRoleBindings,
    undefined,
    binding(
      'ClusterRoleBinding',
      { kind: 'Group', name: 'developers', apiGroup: GROUP },
      'ClusterRole',
      'admin',
    ),
  );
  const may = (verb: string, resource: string) =>
    authorizer.authorize({ user, verb, group: '', resource, namespace: 'n' }).allowed;
  await eventually(
    () => [may('list', 'pods'), may('delete', 'secrets'), may('get', 'nodes')],
    [true, true, false],
  );
  const discovery = registry.get(clusterRoles, undefined, 'system:discovery');
  registry.update(clusterRoles, undefined, 'system:discovery', { ...discovery, rules: [] });
  await eventually(() => authorizer.authorize(get).allowed, false);
  ensureBootstrapPolicy(registry);
  await eventually(() => authorizer.authorize(get).allowed, true);
  await running.stop();
});

test('a refusal is worded as Kubernetes words it', () => {
  expect(
    forbiddenMessage({ user, verb: 'list', group: 'apps', resource: 'statefulsets', namespace: 'n' }),
  ).toBe(
    'statefulsets.apps is forbidden: User "jane" cannot list resource "statefulsets" in API group "apps" in the namespace "n"',
  );
});
