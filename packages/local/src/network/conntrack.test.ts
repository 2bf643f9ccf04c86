import { expect, test } from 'vitest';
import { staleFlows } from './conntrack.ts';
import { droppingChains } from './firewall.ts';
import type { ServicePort } from './service-ports.ts';

const port = (protocol: 'tcp' | 'udp', ...addresses: string[]): ServicePort => ({
  namespace: 'default',
  service: 'a',
  name: '',
  protocol,
  clusterIp: '10.214.7.5',
  port: 53,
  clientAffinity: false,
  backends: addresses.map((address) => ({ address, port: 53 })),
});

test('only UDP endpoints that are gone are forgotten', () => {
  const stale = (before: ServicePort, ...after: ServicePort[]): object[] =>
    staleFlows([before], after, ['10.213.7.1']);
  expect(stale(port('udp', '10.1.1.1', '10.1.1.2'), port('udp', '10.1.1.2', '10.1.1.3'))).toEqual([
    { address: '10.214.7.5', port: 53, backend: '10.1.1.1' },
  ]);
  expect(stale(port('udp', '10.1.1.1'))).toHaveLength(1);
  expect(stale(port('tcp', '10.1.1.1'))).toEqual([]);
  expect(stale({ ...port('udp', '10.1.1.1'), nodePort: 30053 })).toEqual([
    { address: '10.214.7.5', port: 53, backend: '10.1.1.1' },
    { address: '10.213.7.1', port: 30053, backend: '10.1.1.1' },
  ]);
});

test('chains that drop are found whoever made them', () => {
  const chain = (change: object): object => ({
    chain: { family: 'ip', table: 'filter', name: 'INPUT', hook: 'input', policy: 'drop', ...change },
  });
  const answer = {
    nftables: [
      { metainfo: {} },
      chain({}),
      chain({ policy: 'accept' }),
      chain({ family: 'inet', table: 'mine', name: 'fwd', hook: 'forward' }),
      chain({ family: 'ip6' }),
      chain({ hook: 'output' }),
    ],
  };
  expect(droppingChains(answer)).toEqual([
    { family: 'ip', table: 'filter', chain: 'INPUT', hook: 'input' },
    { family: 'inet', table: 'mine', chain: 'fwd', hook: 'forward' },
  ]);
  expect(droppingChains({})).toEqual([]);
});
