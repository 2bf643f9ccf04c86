import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { containerResources, postgresResources } from './resources.ts';

type Resources = NonNullable<Postgresql['spec']['resources']>;

function resources(changes: Parameters<typeof testConfiguration>[0], wanted?: Resources) {
  return postgresResources(testConfiguration(changes), testManifest(wanted ? { resources: wanted } : {}));
}

test('nothing is written where neither manifest nor configuration says anything', () => {
  expect(resources({}).resources).toEqual({});
});

test.each(['', '0', 'null'])('%j is the same as nothing: the default applies', (nothing) => {
  const wanted = { requests: { cpu: nothing, memory: nothing }, limits: { cpu: nothing, memory: nothing } };
  const defaults = {
    default_cpu_request: '100m',
    default_memory_request: '100Mi',
    default_cpu_limit: '1',
    default_memory_limit: '500Mi',
  };
  expect(resources(defaults, wanted).resources).toEqual({
    requests: { cpu: '100m', memory: '100Mi' },
    limits: { cpu: '1', memory: '500Mi' },
  });
  const none = { default_cpu_request: nothing, default_memory_limit: nothing };
  expect(resources(none, wanted).resources).toEqual({});
});

test('huge pages come from the manifest alone', () => {
  const wanted = { requests: { 'hugepages-2Mi': '100Mi' }, limits: { 'hugepages-2Mi': '100Mi' } };
  expect(resources({}, wanted).resources).toEqual(wanted);
  const large = { limits: { 'hugepages-1Gi': '2Gi' } };
  expect(resources({}, large).resources).toEqual(large);
});

test('limits under the minimum are raised and told, also missing ones', () => {
  const minima = { min_cpu_limit: '250m', min_memory_limit: '250Mi' };
  expect(resources(minima, { limits: { cpu: '100m', memory: '1Gi' } })).toEqual({
    resources: { limits: { cpu: '250m', memory: '1Gi' } },
    raised: [{ resource: 'cpu', from: '100m', to: '250m' }],
  });
  expect(resources(minima)).toEqual({
    resources: { limits: { cpu: '250m', memory: '250Mi' } },
    raised: [
      { resource: 'cpu', from: 'none', to: '250m' },
      { resource: 'memory', from: 'none', to: '250Mi' },
    ],
  });
  expect(resources({ ...minima, default_cpu_limit: '1', default_memory_limit: '1Gi' }).raised).toEqual([]);
});

test('a limit is never under its request, after it was raised to the minimum', () => {
  const wanted = { requests: { cpu: '500m' }, limits: { cpu: '100m' } };
  expect(resources({ min_cpu_limit: '250m' }, wanted).resources).toEqual({
    requests: { cpu: '500m' },
    limits: { cpu: '500m' },
  });
});

test('requests are capped at the maximum, last of all', () => {
  const changes = { max_cpu_request: '1', max_memory_request: '1Gi', set_memory_request_to_limit: true };
  const wanted = { requests: { cpu: '2', memory: '500Mi' }, limits: { cpu: '4', memory: '4Gi' } };
  expect(resources(changes, wanted).resources).toEqual({
    requests: { cpu: '1', memory: '1Gi' },
    limits: { cpu: '4', memory: '4Gi' },
  });
});

test('set_memory_request_to_limit raises the memory request, with and without one', () => {
  const changes = { set_memory_request_to_limit: true };
  const limits = { memory: '500Mi' };
  expect(resources(changes, { requests: { memory: '100Mi' }, limits }).resources).toEqual({
    requests: { memory: '500Mi' },
    limits,
  });
  expect(resources(changes, { limits }).resources).toEqual({ requests: { memory: '500Mi' }, limits });
  expect(resources(changes, { requests: { memory: '100Mi' } }).resources).toEqual({
    requests: { memory: '100Mi' },
  });
});

test('the annotation that the configuration names frees a manifest from minimum and maximum', () => {
  const configuration = testConfiguration({
    min_cpu_limit: '1',
    max_memory_request: '1Gi',
    ignore_resources_limits_annotation_key: 'example.org/free',
  });
  const manifest = testManifest({ resources: { requests: { memory: '2Gi' }, limits: { cpu: '100m' } } });
  const asked = { requests: { memory: '2Gi' }, limits: { cpu: '100m' } };
  const of = (value: string) =>
    postgresResources(configuration, {
      ...manifest,
      metadata: { ...manifest.metadata, annotations: { 'example.org/free': value } },
    });
  expect(of('true')).toEqual({ resources: asked, raised: [] });
  expect(of('false').resources).toEqual({ requests: { memory: '1Gi' }, limits: { cpu: '1' } });
});

test('other containers know no minimum and no maximum', () => {
  const configuration = testConfiguration({ min_cpu_limit: '1', max_cpu_request: '1m' });
  expect(containerResources(configuration, { requests: { cpu: '2' }, limits: { cpu: '1' } })).toEqual({
    requests: { cpu: '2' },
    limits: { cpu: '2' },
  });
});
