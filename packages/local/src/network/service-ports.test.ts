import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { servicePorts } from './service-ports.ts';

const service = (name: string, spec: object): KubeObject => ({
  metadata: { namespace: 'default', name },
  spec,
});
const endpoints = (name: string, ...subsets: object[]): KubeObject => ({
  metadata: { namespace: 'default', name },
  subsets,
});

test('node ports are those of the types that have some', () => {
  const nodePortOf = (type: string): number | undefined => {
    const ports = [{ port: 80, nodePort: 30080 }];
    const service = { metadata: { name: 's', namespace: 'n' }, spec: { type, clusterIP: '10.0.0.1', ports } };
    return servicePorts([service], [])[0]?.nodePort;
  };
  expect(['NodePort', 'LoadBalancer', 'ClusterIP'].map(nodePortOf)).toEqual([30080, 30080, undefined]);
});

test('a Service without selector follows the Endpoints that Patroni writes', () => {
  const ports = servicePorts(
    [service('acid-demo', { clusterIP: '10.214.7.5', ports: [{ name: 'postgresql', port: 5432 }] })],
    [
      endpoints('acid-demo', {
        addresses: [{ ip: '10.213.7.3', nodeName: 'pgherd' }],
        ports: [{ name: 'postgresql', port: 5432, protocol: 'TCP' }],
      }),
    ],
  );
  expect(ports).toEqual([
    {
      namespace: 'default',
      service: 'acid-demo',
      name: 'postgresql',
      protocol: 'tcp',
      clusterIp: '10.214.7.5',
      port: 5432,
      clientAffinity: false,
      backends: [{ address: '10.213.7.3', port: 5432 }],
    },
  ]);
});

test('ports match by name and protocol, targets may differ by subset', () => {
  const spec = {
    clusterIP: '10.214.7.6',
    sessionAffinity: 'ClientIP',
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      { name: 'metrics', port: 9153 },
    ],
  };
  const ports = servicePorts(
    [service('dns', spec)],
    [
      endpoints(
        'dns',
        {
          addresses: [{ ip: '10.213.7.9' }, { ip: '10.213.7.10' }],
          notReadyAddresses: [{ ip: '10.213.7.11' }],
          ports: [
            { name: 'dns', port: 1053, protocol: 'UDP' },
            { name: 'dns-tcp', port: 1053, protocol: 'TCP' },
          ],
        },
        { addresses: [{ ip: '10.213.7.12' }], ports: [{ name: 'dns', port: 2053, protocol: 'UDP' }] },
      ),
    ],
  );
  expect(
    ports.map(({ name, protocol, backends, clientAffinity }) => [
      name,
      protocol,
      clientAffinity,
      backends.map((b) => `${b.address}:${b.port}`),
    ]),
  ).toEqual([
    ['dns', 'udp', true, ['10.213.7.10:1053', '10.213.7.12:2053', '10.213.7.9:1053']],
    ['dns-tcp', 'tcp', true, ['10.213.7.10:1053', '10.213.7.9:1053']],
    ['metrics', 'tcp', true, []],
  ]);
});

test('publishNotReadyAddresses counts all addresses', () => {
  const [port] = servicePorts(
    [service('a', { clusterIP: '10.214.7.6', publishNotReadyAddresses: true, ports: [{ port: 80 }] })],
    [endpoints('a', { notReadyAddresses: [{ ip: '10.213.7.11' }], ports: [{ port: 80 }] })],
  );
  expect(port?.backends).toEqual([{ address: '10.213.7.11', port: 80 }]);
});

test('headless, ExternalName and IPv6 Services have no ports here', () => {
  const ports = [{ port: 80 }];
  expect(
    servicePorts(
      [
        service('a', { clusterIP: 'None', ports }),
        service('b', { type: 'ExternalName', externalName: 'example.org', ports }),
        service('c', { clusterIP: 'fd00::1', ports }),
        service('d', { ports }),
        { metadata: { namespace: 'default', name: 'e' } },
      ],
      [],
    ),
  ).toEqual([]);
});

test('EndpointSlices count only without an Endpoints object', () => {
  const slice = (of: string, ip: string, ready: boolean | null): KubeObject => ({
    metadata: { namespace: 'default', name: `${of}-x`, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready } }],
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
  });
  const spec = (clusterIP: string): object => ({ clusterIP, ports: [{ port: 80 }] });
  const ports = servicePorts(
    [service('a', spec('10.214.7.6')), service('b', spec('10.214.7.7')), service('c', spec('10.214.7.8'))],
    [endpoints('a', { addresses: [{ ip: '10.213.7.2' }], ports: [{ port: 80 }] })],
    [slice('a', '10.213.7.3', true), slice('b', '10.213.7.4', null), slice('c', '10.213.7.5', false)],
  );
  expect(ports.map(({ backends }) => backends.map(({ address }) => address))).toEqual([
    ['10.213.7.2'],
    ['10.213.7.4'],
    [],
  ]);
});

test('two Services with one address: the first by name has it, and nothing is there twice', () => {
  const spec = { clusterIP: '10.214.7.6', ports: [{ port: 80 }] };
  expect(servicePorts([service('b', spec), service('a', spec)], []).map((port) => port.service)).toEqual([
    'a',
  ]);
});
