import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testObserved } from '../testing/cluster.ts';
import { assess } from './assess.ts';

const said = (spec: object) =>
  assess(
    { ...testManifest(), spec } as unknown as Postgresql,
    testConfiguration(),
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
