import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest } from '../../testing/cluster.ts';
import { secretNamespaces } from './secret-namespaces.ts';

const configuration = testConfiguration({ enable_cross_namespace_secret: true });

test('namespaces of users and of prepared databases, once each, if that is allowed', () => {
  const manifest = testManifest({
    users: { 'apps.one': [], 'apps.two': [], plain: [] },
    preparedDatabases: { a: { secretNamespace: 'shop' }, b: { secretNamespace: '' }, c: {} },
  });
  expect(secretNamespaces({ manifest, configuration })).toEqual(['default', 'apps', 'shop']);
  expect(secretNamespaces({ manifest, configuration: testConfiguration() })).toEqual(['default']);
});

test.each([undefined, null, 5, { users: 5, preparedDatabases: [null, 'x', { secretNamespace: 7 }] }])(
  'a cluster with the spec %j can still be deleted',
  (spec) => {
    const manifest = { ...testManifest(), spec } as unknown as Postgresql;
    expect(secretNamespaces({ manifest, configuration })).toEqual(['default']);
  },
);
