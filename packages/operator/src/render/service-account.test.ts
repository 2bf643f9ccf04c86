import { parseConfiguration } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import { planObjects } from '../plan/objects.ts';
import { testConfiguration, testManifest, testObserved, testRemembered } from '../testing/cluster.ts';
import { renderedOne, type TestInput } from '../testing/rendered.ts';
import { renderServiceAccount } from './service-account.ts';

const roleArn = 'eks.amazonaws.com/role-arn';

function configured(data: Record<string, string>) {
  const { configuration, problems } = parseConfiguration(data);
  return { configuration, problems: problems.map(({ field, message }) => `${field}: ${message}`) };
}

test('the account is bound to the ClusterRole of its name', () => {
  const input: TestInput = { configuration: { pod_service_account_name: 'zalando' } };
  expect(renderedOne('ServiceAccount zalando', input).metadata).toEqual({
    name: 'zalando',
    namespace: 'default',
  });
  expect(renderedOne('RoleBinding zalando', input)).toMatchObject({
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'zalando' },
    subjects: [{ kind: 'ServiceAccount', name: 'zalando', namespace: 'default' }],
  });
});

test('definitions are JSON or YAML; name and namespace come from elsewhere', () => {
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'x', namespace: 'y', annotations: { a: 'b' } },
    imagePullSecrets: [{ name: 'registry' }],
  };
  const binding = [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: RoleBinding',
    'metadata: {name: x}',
    'roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mine}',
    'subjects: [{kind: ServiceAccount, name: other}]',
  ].join('\n');
  const { configuration, problems } = configured({
    pod_service_account_definition: JSON.stringify(account),
    pod_service_account_role_binding_definition: binding,
  });
  expect(problems).toEqual([]);
  expect(renderedOne('ServiceAccount postgres-pod', { configuration })).toEqual({
    ...account,
    metadata: { name: 'postgres-pod', namespace: 'default', annotations: { a: 'b' } },
  });
  expect(renderedOne('RoleBinding postgres-pod', { configuration })).toMatchObject({
    metadata: { name: 'postgres-pod', namespace: 'default' },
    roleRef: { kind: 'Role', name: 'mine' },
    subjects: [{ kind: 'ServiceAccount', name: 'other', namespace: 'default' }],
  });
});

test.each([
  ['pod_service_account_definition', '{', 'JSON or YAML'],
  ['pod_service_account_definition', 'a text', 'expected a ServiceAccount'],
  ['pod_service_account_definition', '{"kind":"Pod"}', 'expected `kind: ServiceAccount`'],
  [
    'pod_service_account_definition',
    '{"kind":"ServiceAccount","apiVersion":"v2"}',
    'expected `apiVersion: v1`',
  ],
  ['pod_service_account_definition', '{"kind":"ServiceAccount","metadata":[]}', '`metadata`'],
  ['pod_service_account_role_binding_definition', '{"kind":"RoleBinding"}', '`roleRef`'],
  [
    'pod_service_account_role_binding_definition',
    '{"kind":"RoleBinding","roleRef":{"kind":"Role","name":"a"},"subjects":{}}',
    '`subjects`',
  ],
])('%s: %s is an error that names the key', (key, text, expected) => {
  const { problems } = configured({ [key]: text });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${key}: `));
  expect(problems[0]).toContain(expected);
});

function planned(irsa: string, live: Desired[]): string[] {
  const input = {
    manifest: testManifest(),
    configuration: testConfiguration({ irsa_role_arn: irsa }),
    remembered: testRemembered(),
  };
  return planObjects(renderServiceAccount(input), testObserved(live), []).flatMap(({ action, why }) =>
    'kind' in action ? [`${action.type} ${action.kind.plural}: ${why.join()}`] : [],
  );
}

const account = (more: Partial<KubeObject['metadata']> = {}): Desired => ({
  kind: kinds.serviceAccount,
  object: {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    imagePullSecrets: [{ name: 'by hand' }],
    metadata: { name: 'postgres-pod', namespace: 'default', labels: { by: 'hand' }, ...more },
  },
});
const binding: Desired = {
  kind: kinds.roleBinding,
  object: {
    metadata: { name: 'postgres-pod', namespace: 'default' },
    roleRef: { kind: 'Role', name: 'by-hand' },
  },
};

test('what is there is left alone, but for the role of Amazon', () => {
  expect(planned('', [])).toEqual([
    'create serviceaccounts: it does not exist',
    'create rolebindings: it does not exist',
  ]);
  expect(planned('arn', [])).toEqual([
    'create serviceaccounts: it does not exist',
    `apply serviceaccounts: metadata.annotations.${roleArn}: (unset) → arn`,
    'create rolebindings: it does not exist',
  ]);
  expect(planned('', [account(), binding])).toEqual([]);
  expect(planned('arn', [account({ annotations: { [roleArn]: 'old' } }), binding])).toEqual([
    `apply serviceaccounts: metadata.annotations.${roleArn}: old → arn`,
  ]);
  const managedFields = [
    {
      manager: 'pgherd',
      operation: 'Apply',
      fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${roleArn}`]: {} } } },
    },
  ] as never;
  expect(planned('', [account({ annotations: { [roleArn]: 'arn' }, managedFields }), binding])).toEqual([
    `apply serviceaccounts: metadata.annotations.${roleArn}: arn → (removed)`,
  ]);
});
