import { readFileSync } from 'node:fs';
import { defaultConfiguration, type Configuration } from '@pgherd/api';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ConfigurationOrigin } from './configuration/origin.ts';
import { rbacObjects } from './rbac.ts';

function printed(
  watched_namespace: string,
  changes: Partial<Configuration> = {},
  origin: ConfigurationOrigin = { type: 'defaults' },
) {
  const configuration = { ...defaultConfiguration(), watched_namespace, ...changes };
  const duties = {
    configuration,
    named: new Set<never>(),
    own: 'default',
    origin,
  };
  return rbacObjects(duties, 'postgres-operator').map(({ object }) => object);
}

test('the manifest is what is printed for an operator that watches everything, with either form of configuration', () => {
  const name = 'postgresql-operator-default-configuration';
  const resource = { type: 'OperatorConfiguration', namespace: 'default', name } as const;
  // A ConfigMap can be read anyway.
  const file = new URL('../../../../manifests/operator-service-account-rbac.yaml', import.meta.url);
  const documents = parseAllDocuments(readFileSync(file, 'utf8')).map(
    (document) => document.toJS() as unknown,
  );
  expect(documents).toEqual(printed('*', {}, resource));
});

test('for some namespaces there are roles in these and in its own, and nothing is granted outside of them', () => {
  const objects = printed('a,default').map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  );
  expect(objects).toEqual([
    'ServiceAccount default/postgres-operator',
    'Role a/postgres-operator',
    'RoleBinding a/postgres-operator',
    'Role default/postgres-operator',
    'RoleBinding default/postgres-operator',
    'ClusterRole undefined/postgres-pod',
  ]);
});

test('leases only in its own namespace', () => {
  const withLeases = printed('a,b').filter(({ rules }) =>
    rules?.some(({ resources }) => resources.includes('leases')),
  );
  expect(withLeases.map(({ metadata }) => metadata.namespace)).toEqual(['default']);
});
