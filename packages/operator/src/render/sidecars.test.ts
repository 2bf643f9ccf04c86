import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { sidecarContainers, sidecarProblems } from './sidecars.ts';

function sidecars(spec: Partial<Postgresql['spec']>, changes: Parameters<typeof testConfiguration>[0] = {}) {
  const input = {
    manifest: testManifest(spec),
    configuration: testConfiguration(changes),
    remembered: testRemembered(),
  };
  return { containers: sidecarContainers(input, []), problems: sidecarProblems(input) };
}

const standard = [
  { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
  { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } } },
  { name: 'POSTGRES_USER', value: 'postgres' },
  {
    name: 'POSTGRES_PASSWORD',
    valueFrom: {
      secretKeyRef: { name: 'postgres.acid-demo.credentials.postgresql.acid.zalan.do', key: 'password' },
    },
  },
];
const data = { name: 'pgdata', mountPath: '/home/postgres/pgdata' };

test('a sidecar of the manifest gets the data, the password and default resources', () => {
  const { containers } = sidecars(
    {
      sidecars: [
        {
          name: '',
          image: 'x',
          command: ['run'],
          ports: [{ containerPort: 80 }],
          env: [
            { name: 'pod_name', value: 'mine' },
            { name: 'A', value: '1' },
          ],
          resources: { requests: { cpu: '1' } },
        },
      ],
    },
    { default_memory_limit: '1Gi' },
  );
  expect(containers).toEqual([
    {
      name: 'sidecar-0',
      image: 'x',
      imagePullPolicy: 'IfNotPresent',
      command: ['run'],
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      env: [...standard, { name: 'A', value: '1' }],
      resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } },
      volumeMounts: [data],
    },
  ]);
});

test("the operator's sidecars are taken as they are, besides the data and the password", () => {
  const own = {
    name: 'exporter',
    image: 'x',
    args: ['--all'],
    env: [{ name: 'B', value: '2' }],
    volumeMounts: [{ name: 'pgdata', mountPath: '/data' }],
  };
  expect(sidecars({}, { sidecars: [own], default_cpu_limit: '1' }).containers).toEqual([
    { ...own, env: [...standard, ...own.env], volumeMounts: [...own.volumeMounts, data] },
  ]);
});

test('images by name are sorted by it', () => {
  const found = sidecars({}, { sidecar_docker_images: { b: 'image-b', a: 'image-a' } }).containers;
  expect(found.map(({ name, image }) => [name, image])).toEqual([
    ['a', 'image-a'],
    ['b', 'image-b'],
  ]);
});

test('the log shipper needs an image and a key', () => {
  expect(sidecars({}, { scalyr_image: 'x' }).containers).toEqual([]);
  expect(sidecars({}, { scalyr_api_key: 'k' }).containers).toEqual([]);
  expect(sidecars({}, { scalyr_image: 'x', scalyr_api_key: 'k' }).containers).toMatchObject([
    {
      name: 'scalyr-sidecar',
      image: 'x',
      env: [
        ...standard,
        { name: 'SCALYR_API_KEY', value: 'k' },
        { name: 'SCALYR_SERVER_HOST', value: 'acid-demo' },
        { name: 'SCALYR_SERVER_URL', value: 'https://upload.eu.scalyr.com' },
      ],
      resources: { requests: { cpu: '100m', memory: '50Mi' }, limits: { cpu: '1', memory: '500Mi' } },
    },
  ]);
});

test('of several with one name the first is taken, and the others are told', () => {
  const { containers, problems } = sidecars(
    { sidecars: [{ name: 'a', image: '1' }], initContainers: [{ name: 'i', image: 'x' }] },
    {
      sidecars: [
        { name: 'a', image: '2' },
        { name: 'b', image: '2' },
        { name: 'i', image: '2' },
      ],
      sidecar_docker_images: { b: '3', postgres: '3', c: '3' },
    },
  );
  expect(containers.map(({ name, image }) => `${name} ${image}`)).toEqual(['a 1', 'b 2', 'c 3']);
  expect(problems.map(({ severity, field }) => `${severity} ${field}`)).toEqual([
    'warning sidecars',
    'warning sidecars',
    'warning sidecar_docker_images',
    'warning sidecar_docker_images',
  ]);
});
