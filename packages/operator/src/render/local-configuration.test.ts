import type { Postgresql } from '@pgherd/api';
import type { PodSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { localAnnotation, localVolume } from '../names.ts';
import { rememberPods } from '../observe/remembered.ts';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { podTemplate } from './pod-template.ts';

const spilo = { dockerImage: 'registry.example/spilo:1' };
const withParameters = (parameters: Record<string, string>): Partial<Postgresql['spec']> => ({
  postgresql: { version: '17', parameters },
});

/** A pod as it is made for a manifest, and where each member finds what is its own. */
function made(spec: Partial<Postgresql['spec']>, before?: PodSpec) {
  const statefulSet = rememberPods(before);
  const template = podTemplate({
    manifest: testManifest(spec),
    configuration: testConfiguration(),
    remembered: testRemembered(statefulSet === undefined ? {} : { statefulSet }),
  });
  const pod = template.spec;
  const postgres = pod?.containers[0];
  const { postgresql } = JSON.parse(
    postgres?.env?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value ?? '{}',
  ) as { postgresql: object };
  return {
    pod,
    variable: postgresql,
    file: JSON.parse(template.metadata?.annotations?.[localAnnotation] ?? '{}') as object,
    hasFile: pod?.volumes?.some(({ name }) => name === localVolume) === true,
  };
}

const local = { log_filename: 'x', max_connections: '50' };

test('a new cluster with an image that can read it has a file', () => {
  expect(made(withParameters(local))).toMatchObject({
    variable: {},
    file: { parameters: { log_filename: 'x' } },
    hasFile: true,
  });
  expect(made({})).toMatchObject({ variable: {}, file: {}, hasFile: true });
});

test('Spilo has a variable', () => {
  expect(made({ ...spilo, ...withParameters(local) })).toMatchObject({
    variable: { parameters: { log_filename: 'x' } },
    file: {},
    hasFile: false,
  });
});

test('a change of what is in the file changes nothing of the pods themselves', () => {
  const before = made(withParameters(local)).pod;
  const { pod } = made({ ...withParameters({ shared_buffers: '1GB' }), patroni: { pg_hba: ['a'] } }, before);
  expect(pod).toEqual(before);
});

test('a cluster whose pods have a variable keeps it, and goes over when that changes anyway', () => {
  const spec = withParameters(local);
  const before = made({ ...spec, ...spilo }).pod;
  const [postgres] = before?.containers ?? [];
  // Made by a pgherd that knew of no file.
  if (postgres !== undefined) postgres.image = testConfiguration().docker_image;
  expect(made(spec, before).pod).toEqual(before);
  expect(made(withParameters({ log_filename: 'y' }), before)).toMatchObject({
    variable: {},
    file: { parameters: { log_filename: 'y' } },
    hasFile: true,
  });
});

test('another image than pgherd has what it can read', () => {
  const before = made(withParameters(local)).pod;
  expect(made({ ...withParameters(local), ...spilo }, before)).toMatchObject({
    variable: { parameters: { log_filename: 'x' } },
    hasFile: false,
  });
});
