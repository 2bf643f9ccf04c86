import type { ConfigMap, Container, Pod, Secret, Service } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { containerEnv, serviceEnv } from './env.ts';
import type { ObjectSource } from './env.ts';
import { expand } from './expand.ts';
import { fieldValue, resourceFieldValue } from './field-ref.ts';

const pod: Pod = {
  metadata: {
    name: 'demo-0',
    namespace: 'team',
    uid: 'u',
    labels: { b: '2', a: '1 "x"' },
    annotations: { k: 'v' },
  },
  spec: { containers: [], serviceAccountName: 'sa', nodeName: 'n' },
};
const node = { nodeName: 'n', hostIp: '10.0.0.1', allocatable: { cpu: 4, memory: 8 * 2 ** 30 } };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function source(
  objects: { maps?: ConfigMap[]; secrets?: Secret[]; services?: Service[] } = {},
): ObjectSource {
  return {
    configMap: (_, name) => objects.maps?.find((each) => each.metadata.name === name),
    secret: (_, name) => objects.secrets?.find((each) => each.metadata.name === name),
    services: () => objects.services ?? [],
  };
}

function envOf(container: Partial<Container>, from = source()): Record<string, string> {
  const context = { pod, container: { name: 'c', ...container }, podIps: ['10.0.0.9'], node, source: from };
  return Object.fromEntries(containerEnv(context));
}

test.each([
  ['$(A)-$(B)', '1-$(B)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$A $(A', '$A $(A'],
  ['100%$', '100%$'],
])('expands %s to %s', (text, expected) => {
  expect(expand(text, new Map([['A', '1']]))).toBe(expected);
});

test('a value refers to what was defined before it, not after', () => {
  const env = [
    { name: 'EARLY', value: '$(LATE)' },
    { name: 'LATE', value: 'late' },
    { name: 'BOTH', value: '$(EARLY)/$(LATE)' },
  ];
  expect(envOf({ env })).toEqual({ EARLY: '$(LATE)', LATE: 'late', BOTH: '$(LATE)/late' });
});

test('env wins over envFrom, prefixes apply, optional objects may be missing', () => {
  const from = source({
    maps: [{ metadata: { name: 'm' }, data: { A: 'map', B: 'map' } }],
    secrets: [{ metadata: { name: 's' }, data: { key: base64('secret') } }],
  });
  const env = envOf(
    {
      envFrom: [{ configMapRef: { name: 'm' }, prefix: 'X_' }, { secretRef: { name: 'no', optional: true } }],
      env: [
        { name: 'X_A', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 'no', key: 'key', optional: true } } },
      ],
    },
    from,
  );
  expect(env).toEqual({ X_A: 'secret', X_B: 'map' });
});

test.each([
  [{ envFrom: [{ configMapRef: { name: 'no' } }] }, 'configmap "no" not found'],
  [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }] }, 'secret "no" not found'],
  [
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }] },
    "couldn't find key k in ConfigMap team/m",
  ],
])('says which object is missing: %o', (container, message) => {
  const from = source({ maps: [{ metadata: { name: 'm' }, data: {} }] });
  expect(() => envOf(container, from)).toThrow(message);
});

test('Service variables as Docker links had them', () => {
  const service = (namespace: string, name: string, clusterIP: string): Service => ({
    metadata: { namespace, name },
    spec: { clusterIP, ports: [{ name: 'pg-main', port: 5432 }] },
  });
  const services = [
    service('default', 'kubernetes', '10.1.0.1'),
    service('team', 'my-db', '10.1.0.2'),
    service('team', 'headless', 'None'),
  ];
  expect(Object.fromEntries(serviceEnv(services, 'team', true))).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.1.0.1',
    MY_DB_SERVICE_HOST: '10.1.0.2',
    MY_DB_SERVICE_PORT: '5432',
    MY_DB_SERVICE_PORT_PG_MAIN: '5432',
    MY_DB_PORT: 'tcp://10.1.0.2:5432',
    MY_DB_PORT_5432_TCP_ADDR: '10.1.0.2',
  });
  const without = serviceEnv(services, 'team', false);
  expect([...without.keys()].filter((key) => key.startsWith('MY_DB'))).toEqual([]);
  expect(without.get('KUBERNETES_SERVICE_HOST')).toBe('10.1.0.1');
});

test.each([
  ['metadata.name', 'demo-0'],
  ['metadata.namespace', 'team'],
  ["metadata.labels['b']", '2'],
  ["metadata.annotations['absent']", ''],
  ['metadata.labels', 'a="1 \\"x\\""\nb="2"'],
  ['spec.nodeName', 'n'],
  ['spec.serviceAccountName', 'sa'],
  ['status.podIP', '10.0.0.9'],
  ['status.hostIP', '10.0.0.1'],
])('fieldRef %s', (path, expected) => {
  expect(fieldValue(path, pod, ['10.0.0.9'], node)).toBe(expected);
});

test('fieldRef to another field is an error', () => {
  expect(() => fieldValue('spec.volumes', pod, [], node)).toThrow('unsupported fieldPath: spec.volumes');
});

test.each([
  ['limits.cpu', undefined, '1'],
  ['requests.cpu', '1m', '250'],
  ['limits.memory', '1Mi', '8192'],
  ['requests.memory', undefined, '0'],
])('resourceFieldRef %s / %s = %s', (resource, divisor, expected) => {
  const container = { name: 'c', resources: { limits: { cpu: '500m' }, requests: { cpu: '250m' } } };
  const reference = { resource, ...(divisor === undefined ? {} : { divisor }) };
  expect(resourceFieldValue(reference, container, pod, node)).toBe(expected);
});
