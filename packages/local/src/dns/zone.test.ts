import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { answer } from './answer.ts';
import { buildZone } from './zone.ts';

const object = (name: string, rest: object, namespace = 'default'): KubeObject => ({
  metadata: { namespace, name },
  ...rest,
});
const zone = buildZone({
  server: '10.213.7.1',
  subnets: ['10.213.7.0/24', '10.214.7.0/24'],
  services: [
    object('kubernetes', {
      spec: { clusterIP: '10.214.7.1', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] },
    }),
    object('headless', { spec: { clusterIP: 'None', ports: [{ name: 'postgresql', port: 5432 }] } }),
    object('unready', { spec: { clusterIP: 'None', ports: [{ port: 80 }] } }),
    object('published', {
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, ports: [{ port: 80 }] },
    }),
    object('outside', { spec: { type: 'ExternalName', externalName: 'www.Example.com.' } }),
    object('alias', { spec: { type: 'ExternalName', externalName: 'kubernetes.default.svc.cluster.local' } }),
    object('loop', { spec: { type: 'ExternalName', externalName: 'loop.default.svc.cluster.local' } }),
    object('nowhere', { spec: { type: 'ExternalName', externalName: 'gone.default.svc.cluster.local' } }),
    object('unnamed', { spec: { clusterIP: '10.214.7.9', ports: [{ port: 80 }] } }, 'other'),
  ],
  endpoints: [
    object('headless', {
      subsets: [
        {
          addresses: [{ ip: '10.213.7.2', hostname: 'demo-0' }, { ip: '10.213.7.3' }],
          notReadyAddresses: [{ ip: '10.213.7.4', hostname: 'demo-2' }],
          ports: [{ name: 'postgresql', port: 5433, protocol: 'TCP' }],
        },
      ],
    }),
    object('unready', { subsets: [{ notReadyAddresses: [{ ip: '10.213.7.5' }], ports: [{ port: 80 }] }] }),
    object('published', { subsets: [{ notReadyAddresses: [{ ip: '10.213.7.6' }], ports: [{ port: 80 }] }] }),
  ],
});

/** Answers as text, or the code when there are none. */
function ask(name: string, type: string): string[] | string {
  const result = answer({ name, type }, zone);
  if (result === undefined) return 'upstream';
  const lines = result.answers.map(({ name: owner, record }) =>
    [
      owner,
      record.type,
      'address' in record ? record.address : 'text' in record ? record.text : record.target,
      ...('port' in record ? [record.port] : []),
    ].join(' '),
  );
  if (lines.length > 0) return result.rcode === 'NOERROR' ? lines : [...lines, result.rcode];
  expect(result.soa).toBeDefined();
  return result.rcode === 'NXDOMAIN' ? 'NXDOMAIN' : 'NODATA';
}

test.each<[string, string, string[] | string]>([
  // Section 2.2 of the specification.
  ['dns-version.cluster.local', 'TXT', ['dns-version.cluster.local TXT 1.1.0']],
  // 2.3: Services with a cluster IP.
  ['kubernetes.default.svc.cluster.local', 'A', ['kubernetes.default.svc.cluster.local A 10.214.7.1']],
  ['KUBERNETES.Default.svc.cluster.LOCAL.', 'A', ['kubernetes.default.svc.cluster.local A 10.214.7.1']],
  [
    '_https._tcp.kubernetes.default.svc.cluster.local',
    'SRV',
    ['_https._tcp.kubernetes.default.svc.cluster.local SRV kubernetes.default.svc.cluster.local 443'],
  ],
  ['1.7.214.10.in-addr.arpa', 'PTR', ['1.7.214.10.in-addr.arpa PTR kubernetes.default.svc.cluster.local']],
  ['_._tcp.unnamed.other.svc.cluster.local', 'SRV', 'NXDOMAIN'],
  // 2.4: headless Services.
  [
    'headless.default.svc.cluster.local',
    'A',
    ['headless.default.svc.cluster.local A 10.213.7.2', 'headless.default.svc.cluster.local A 10.213.7.3'],
  ],
  [
    'demo-0.headless.default.svc.cluster.local',
    'A',
    ['demo-0.headless.default.svc.cluster.local A 10.213.7.2'],
  ],
  [
    '10-213-7-3.headless.default.svc.cluster.local',
    'A',
    ['10-213-7-3.headless.default.svc.cluster.local A 10.213.7.3'],
  ],
  ['demo-2.headless.default.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['unready.default.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['published.default.svc.cluster.local', 'A', ['published.default.svc.cluster.local A 10.213.7.6']],
  [
    '_postgresql._tcp.headless.default.svc.cluster.local',
    'SRV',
    [
      '_postgresql._tcp.headless.default.svc.cluster.local SRV demo-0.headless.default.svc.cluster.local 5433',
      '_postgresql._tcp.headless.default.svc.cluster.local SRV 10-213-7-3.headless.default.svc.cluster.local 5433',
    ],
  ],
  [
    '2.7.213.10.in-addr.arpa',
    'PTR',
    ['2.7.213.10.in-addr.arpa PTR demo-0.headless.default.svc.cluster.local'],
  ],
  // 2.5: ExternalName.
  ['outside.default.svc.cluster.local', 'A', ['outside.default.svc.cluster.local CNAME www.example.com']],
  [
    'alias.default.svc.cluster.local',
    'A',
    [
      'alias.default.svc.cluster.local CNAME kubernetes.default.svc.cluster.local',
      'kubernetes.default.svc.cluster.local A 10.214.7.1',
    ],
  ],
  [
    'nowhere.default.svc.cluster.local',
    'A',
    ['nowhere.default.svc.cluster.local CNAME gone.default.svc.cluster.local', 'NXDOMAIN'],
  ],
  // A name that exists without such a record, against a name that does not exist.
  ['kubernetes.default.svc.cluster.local', 'AAAA', 'NODATA'],
  ['_tcp.kubernetes.default.svc.cluster.local', 'SRV', 'NODATA'],
  ['default.svc.cluster.local', 'A', 'NODATA'],
  ['svc.cluster.local', 'A', 'NODATA'],
  ['cluster.local', 'A', 'NODATA'],
  ['absent.default.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['kubernetes.absent.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['example.com.default.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['77.7.213.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
  // Everything else is for the host's resolvers.
  ['example.com', 'A', 'upstream'],
  ['notcluster.local', 'A', 'upstream'],
  ['1.8.214.10.in-addr.arpa', 'PTR', 'upstream'],
])('%s %s', (name, type, expected) => {
  expect(ask(name, type)).toEqual(expected);
});

test('an alias to itself ends', () => {
  expect(answer({ name: 'loop.default.svc.cluster.local', type: 'A' }, zone)?.answers.length).toBeLessThan(
    20,
  );
});

test('an alias to the outside names what to ask upstream', () => {
  expect(answer({ name: 'outside.default.svc.cluster.local', type: 'A' }, zone)?.follow).toBe(
    'www.example.com',
  );
  expect(answer({ name: 'alias.default.svc.cluster.local', type: 'A' }, zone)?.follow).toBeUndefined();
});

test('SRV answers bring the addresses along', () => {
  const result = answer({ name: '_postgresql._tcp.headless.default.svc.cluster.local', type: 'SRV' }, zone);
  expect(result?.additionals.map(({ record }) => record)).toEqual([
    { type: 'A', address: '10.213.7.2' },
    { type: 'A', address: '10.213.7.3' },
  ]);
});
