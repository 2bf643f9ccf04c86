import type { Pod, PodSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { podDrift } from './drift.ts';

const template: PodSpec = {
  serviceAccountName: 'postgres-pod',
  tolerations: [{ key: 'mine', operator: 'Exists' }],
  containers: [
    {
      name: 'postgres',
      image: 'one',
      env: [{ name: 'A', value: '1' }],
      resources: { limits: { memory: '1Gi' } },
      volumeMounts: [{ name: 'pgdata', mountPath: '/data' }],
    },
  ],
  volumes: [{ name: 'dshm', emptyDir: { medium: 'Memory' } }],
};

/** The pod that Kubernetes makes of the template: with what admission and the controller add. */
function made(change: (spec: PodSpec) => void = () => {}): Pod {
  const spec = structuredClone(template);
  spec.nodeName = 'node';
  spec.tolerations?.push({ key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 300 });
  spec.volumes?.unshift(
    { name: 'pgdata', persistentVolumeClaim: { claimName: 'pgdata-acid-demo-0' } },
    { name: 'kube-api-access-x', projected: { sources: [] } },
  );
  spec.containers[0]?.volumeMounts?.push({
    name: 'kube-api-access-x',
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  });
  if (spec.containers[0]?.resources) spec.containers[0].resources.requests = { memory: '1Gi' };
  change(spec);
  return { metadata: { name: 'acid-demo-0' }, spec };
}

const paths = (change: (spec: PodSpec) => void) => podDrift(template, made(change)).map(({ path }) => path);

test('what Kubernetes adds to a pod is no drift', () => {
  expect(podDrift(template, made())).toEqual([]);
});

test('what the template changed, added or dropped is drift', () => {
  const first = (spec: PodSpec) => spec.containers[0] ?? { name: '' };
  expect(paths((spec) => (first(spec).image = 'two'))).toEqual(['spec.containers[name=postgres].image']);
  expect(paths((spec) => first(spec).env?.push({ name: 'OLD', value: '' }))).toEqual([
    'spec.containers[name=postgres].env[name=OLD]',
  ]);
  expect(paths((spec) => spec.containers.push({ name: 'old-sidecar' }))).toEqual([
    'spec.containers[name=old-sidecar]',
  ]);
  expect(paths((spec) => spec.volumes?.push({ name: 'old', emptyDir: {} }))).toEqual([
    'spec.volumes[name=old]',
  ]);
  expect(paths((spec) => (first(spec).resources = { limits: { memory: '1024Mi', cpu: '1' } }))).toEqual([
    'spec.containers[name=postgres].resources.limits.cpu',
  ]);
  expect(paths((spec) => spec.tolerations?.shift())).toEqual(['spec.tolerations.0']);
});

test('a pod that says who wrote what: what others injected is no drift, what the template dropped is', () => {
  const pod = made((spec) => {
    spec.priorityClassName = 'high';
    spec.containers.push({ name: 'injected', image: 'proxy' });
    const [postgres] = spec.containers;
    if (postgres !== undefined) postgres.livenessProbe = { tcpSocket: { port: 5432 }, periodSeconds: 10 };
    spec.securityContext = { runAsUser: 101 };
  });
  pod.metadata.managedFields = [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      fieldsV1: {
        'f:spec': {
          'f:dnsPolicy': {},
          'f:priorityClassName': {},
          'f:securityContext': { '.': {}, 'f:runAsUser': {} },
          'f:containers': {
            'k:{"name":"postgres"}': {
              '.': {},
              'f:image': {},
              'f:livenessProbe': { '.': {}, 'f:tcpSocket': { '.': {}, 'f:port': {} }, 'f:periodSeconds': {} },
            },
          },
          'f:volumes': { 'k:{"name":"pgdata"}': { '.': {} } },
        },
      },
    },
  ];
  expect(podDrift(template, pod).map(({ path }) => path)).toEqual([
    'spec.priorityClassName',
    'spec.securityContext.runAsUser',
    'spec.containers[name=postgres].livenessProbe',
  ]);
});

test('the last init container that the template dropped is drift', () => {
  const pod = made((spec) => (spec.initContainers = [{ name: 'broken', image: 'x' }]));
  const broken = { '.': {}, 'f:image': {}, 'f:name': {} };
  pod.metadata.managedFields = [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      fieldsV1: { 'f:spec': { 'f:initContainers': { '.': {}, 'k:{"name":"broken"}': broken } } },
    },
  ];
  expect(podDrift(template, pod).map(({ path }) => path)).toEqual(['spec.initContainers']);
});

test('a toleration that the template dropped is drift, those of admission are not', () => {
  const old = made((spec) => spec.tolerations?.push({ key: 'old', operator: 'Exists' }));
  expect(podDrift(template, old).map(({ path }) => path)).toEqual(['spec.tolerations.2']);
});

test('labels and annotations that the maker of a pod owns are no drift of it', () => {
  const pod = made();
  pod.metadata.labels = { application: 'spilo', 'apps.kubernetes.io/pod-index': '0' };
  pod.metadata.managedFields = [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      fieldsV1: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:application': {}, 'f:apps.kubernetes.io/pod-index': {} } },
        'f:spec': {
          'f:serviceAccountName': {},
          'f:volumes': { 'k:{"name":"kube-api-access-x"}': { '.': {}, 'f:name': {}, 'f:projected': {} } },
          'f:containers': {
            'k:{"name":"postgres"}': {
              'f:volumeMounts': {
                'k:{"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}': { '.': {}, 'f:name': {} },
              },
            },
          },
        },
      },
    },
  ] as never;
  expect(podDrift(template, pod)).toEqual([]);
});
