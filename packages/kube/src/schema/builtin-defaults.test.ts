import { expect, test } from 'vitest';
import { applyBuiltinDefaults } from './builtin-defaults.ts';

function defaulted(object: {
  apiVersion: string;
  kind: string;
  [field: string]: unknown;
}): Record<string, unknown> {
  applyBuiltinDefaults(object);
  const once = structuredClone(object);
  applyBuiltinDefaults(object);
  expect(object).toEqual(once);
  return once;
}

test('Pod', () => {
  const container = {
    name: 'c',
    image: 'host:5000/i',
    ports: [{ containerPort: 80 }],
    resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
    livenessProbe: { httpGet: { port: 80 }, periodSeconds: 5 },
    env: [{ name: 'E', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
  };
  const volumes = [
    { name: 'e' },
    { name: 's', secret: { secretName: 's' } },
    { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
  ];
  expect(
    defaulted({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [container], volumes, serviceAccountName: 'a' },
    })['spec'],
  ).toEqual({
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    serviceAccountName: 'a',
    serviceAccount: 'a',
    containers: [
      {
        name: 'c',
        image: 'host:5000/i',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          periodSeconds: 5,
          timeoutSeconds: 1,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [{ name: 'E', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }],
      },
    ],
    volumes: [
      { name: 'e', emptyDir: {} },
      { name: 's', secret: { secretName: 's', defaultMode: 420 } },
      {
        name: 't',
        projected: {
          defaultMode: 420,
          sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
        },
      },
    ],
  });
});

test.each([
  ['a', 'Always'],
  ['a:latest', 'Always'],
  ['h:5000/a', 'Always'],
  ['a:1', 'IfNotPresent'],
  ['h:5000/a:1', 'IfNotPresent'],
  ['a@sha256:00', 'IfNotPresent'],
])('image %s is pulled %s', (image, imagePullPolicy) => {
  const object = defaulted({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ image }] } });
  expect(object['spec']).toMatchObject({ containers: [{ imagePullPolicy }] });
});

test('Service', () => {
  expect(defaulted({ apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 5432 }] } })['spec']).toEqual(
    {
      sessionAffinity: 'None',
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 5432, protocol: 'TCP', targetPort: 5432 }],
    },
  );
  const balanced = defaulted({
    apiVersion: 'v1',
    kind: 'Service',
    spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' },
  });
  expect(balanced['spec']).toMatchObject({
    externalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
  });
});

test('StatefulSet', () => {
  const spec = {
    template: { spec: { containers: [{ name: 'c', image: 'i:1' }] } },
    volumeClaimTemplates: [{ metadata: { name: 'd' } }],
  };
  const result = defaulted({ apiVersion: 'apps/v1', kind: 'StatefulSet', spec });
  expect(result['spec']).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    template: { spec: { restartPolicy: 'Always' } },
    volumeClaimTemplates: [
      { kind: 'PersistentVolumeClaim', spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
    ],
  });
  expect(result['spec']).not.toHaveProperty('template.spec.enableServiceLinks');
});

test('nothing odd is a crash, custom resources stay as they are', () => {
  for (const kind of ['Pod', 'Service', 'Endpoints', 'Secret'])
    for (const spec of [null, 1, 'x', [], { containers: 'x', ports: [1, null], volumes: {} }])
      expect(() => defaulted({ apiVersion: 'v1', kind, spec, subsets: spec })).not.toThrow();
  const custom = { apiVersion: 'acid.zalan.do/v1', kind: 'Pod', spec: {} };
  expect(defaulted({ ...custom })).toEqual(custom);
});
