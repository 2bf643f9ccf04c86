import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { render } from '../render/render.ts';
import { testConfiguration, testManifest, testObserved, testRemembered } from '../testing/cluster.ts';
import { assess } from './assess.ts';

const said = (spec: object) =>
  assess(
    { ...testManifest(), spec } as unknown as Postgresql,
    { configuration: testConfiguration(), named: new Set() },
    testObserved([]),
  ).errors.map(({ field }) => field);

test('what does not fit the schema is named, whatever the API server let through', () => {
  const { spec } = testManifest();
  expect(said(spec)).toEqual([]);
  expect(said({ ...spec, users: 5 })).toEqual(['spec.users']);
  expect(said({ ...spec, volume: { size: 'much' } })).toEqual(['spec.volume.size']);
  expect(said({ ...spec, tolerations: [{ tolerationSeconds: 'x' }] })).toEqual([
    'spec.tolerations[0].tolerationSeconds',
  ]);
  expect(said({ ...spec, numberOfInstances: '2', teamId: [] })).toEqual(
    expect.arrayContaining(['spec.numberOfInstances', 'spec.teamId']),
  );
  expect(said({ ...spec, standby: {} })).toContain('spec.standby');
  expect(said(null as never)).toEqual(['spec']);
});

test('what the schema cannot say is said after it', () => {
  const { spec } = testManifest();
  expect(said({ ...spec, users: { foo: ['login', 'nologin'] } })).toEqual(['spec.users.foo']);
});

test('what the image of an existing cluster can do counts, not what ours can', () => {
  const manifest = testManifest({ clone: { cluster: 'other', timestamp: '2026-01-02T03:04:05+00:00' } });
  const settings = { configuration: testConfiguration(), named: new Set<never>() };
  expect(assess(manifest, settings, testObserved([])).errors).toMatchObject([
    { field: 'spec.clone.timestamp' },
  ]);
  const configuration = testConfiguration({ docker_image: 'registry.example/spilo:1' });
  const objects = render({ manifest, configuration, remembered: testRemembered() });
  expect(assess(manifest, settings, testObserved(objects)).errors).toEqual([]);
});

test('what the operator forbids keeps a cluster from being made, not one that exists from going on', () => {
  const manifest = testManifest({ sidecars: [{ name: 's', image: 'x' }] });
  const configuration = testConfiguration({ enable_sidecars: false });
  const settings = { configuration, named: new Set<never>() };
  expect(assess(manifest, settings, testObserved([])).errors).toMatchObject([{ field: 'spec.sidecars' }]);
  const objects = render({ manifest, configuration, remembered: testRemembered() });
  const existing = assess(manifest, settings, testObserved(objects));
  expect(existing.errors).toEqual([]);
  expect(existing.warnings).toMatchObject([{ field: 'spec.sidecars', severity: 'warning' }]);
});

test('a Secret in a namespace that is not watched is an error of its user', () => {
  const settings = {
    configuration: testConfiguration({ enable_cross_namespace_secret: true }),
    named: new Set<never>(),
  };
  const manifest = testManifest({ users: { 'apps.user': [], 'other.user': [], 'other.group': ['nologin'] } });
  const observed = { ...testObserved([]), watches: (namespace: string) => namespace === 'apps' };
  const { errors } = assess(manifest, settings, observed);
  expect(errors.map(({ field }) => field)).toEqual(['spec.users.other.user']);
  expect(errors[0]?.message).toContain('namespace `other`, which this operator does not watch');

  const preparedDatabases = { shop: { defaultUsers: true, secretNamespace: 'other' } };
  const prepared = assess(testManifest({ preparedDatabases }), settings, observed).errors;
  expect(prepared.map(({ field }) => field)).toEqual(['spec.preparedDatabases.shop']);
  expect(prepared[0]?.message).toContain('`shop_owner_user` belongs in the namespace `other`');
});
