import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderRuleset, type NodeRules } from './ruleset.ts';
import type { ServicePort } from './service-ports.ts';

const instance = {
  id: '1a2b3c',
  podSubnet: '10.213.7.0/24',
  gateway: '10.213.7.1',
  serviceSubnet: '10.214.7.0/24',
  apiPort: 16_443,
};
const port = (change: Partial<ServicePort>): ServicePort => ({
  namespace: 'default',
  service: 'acid-demo',
  name: 'postgresql',
  protocol: 'tcp',
  clusterIp: '10.214.7.5',
  port: 5432,
  clientAffinity: false,
  backends: [{ address: '10.213.7.2', port: 5432 }],
  ...change,
});

test('no Services: everything in the range is refused', () => {
  expect(renderRuleset([], instance)).toMatchInlineSnapshot(`
    "table ip pgherd_1a2b3c {}
    delete table ip pgherd_1a2b3c
    table ip pgherd_1a2b3c {
      map services {
        type ipv4_addr . inet_proto . inet_service : verdict
      }
      set closed {
        comment "node ports that nothing serves"
        type inet_proto . inet_service
      }
      set itself {
        comment "a pod that reaches itself through a Service"
        type ipv4_addr . ipv4_addr
      }
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        ip daddr . meta l4proto . th dport vmap @services
      }
      chain output {
        type nat hook output priority -100; policy accept;
        ip daddr . meta l4proto . th dport vmap @services
      }
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ct status dnat ip saddr . ip daddr @itself masquerade
        ct status dnat ip saddr 10.213.7.0/24 ip daddr != 10.213.7.0/24 masquerade
      }
      chain forward {
        type filter hook forward priority filter; policy accept;
        ip daddr 10.214.7.0/24 jump refuse
      }
      chain local_output {
        type filter hook output priority filter; policy accept;
        ip daddr 10.214.7.0/24 jump refuse
        ct state new ip daddr 10.213.7.1 meta l4proto . th dport @closed jump refuse
      }
      chain input {
        type filter hook input priority filter; policy accept;
        ct state new ip daddr 10.213.7.1 meta l4proto . th dport @closed jump refuse
      }
      chain refuse {
        meta l4proto tcp reject with tcp reset
        reject with icmp port-unreachable
      }
    }
    "
  `);
});

test('node ports lead where their Service does, those of nobody are refused', () => {
  const text = renderRuleset(
    [port({ nodePort: 30001 }), port({ service: 'nobody', port: 80, nodePort: 30002, backends: [] })],
    instance,
  );
  expect(text).toContain('10.213.7.1 . tcp . 30001 : goto service_0/default/acid-demo/postgresql,');
  expect(text).toMatch(/set closed \{[^}]*elements = \{\s*tcp \. 30002,\s*\}/);
  expect(text).not.toContain('30002 : goto');
});

test('random and client affinity, several ports, one without endpoints', () => {
  const text = renderRuleset(
    [
      port({}),
      port({
        service: 'acid-demo-repl',
        clusterIp: '10.214.7.6',
        backends: [
          { address: '10.213.7.3', port: 5432 },
          { address: '10.213.7.4', port: 5432 },
        ],
      }),
      port({ service: 'nobody', name: '', clusterIp: '10.214.7.8', port: 80, backends: [] }),
      port({
        service: 'sticky',
        name: '',
        protocol: 'udp',
        clusterIp: '10.214.7.9',
        port: 53,
        clientAffinity: true,
        backends: [
          { address: '10.213.7.3', port: 1053 },
          { address: '10.213.7.4', port: 1053 },
        ],
      }),
    ],
    instance,
  );
  expect(text).toMatchInlineSnapshot(`
    "table ip pgherd_1a2b3c {}
    delete table ip pgherd_1a2b3c
    table ip pgherd_1a2b3c {
      map services {
        type ipv4_addr . inet_proto . inet_service : verdict
        elements = {
          10.214.7.5 . tcp . 5432 : goto service_0/default/acid-demo/postgresql,
          10.214.7.6 . tcp . 5432 : goto service_1/default/acid-demo-repl/postgresql,
          10.214.7.9 . udp . 53 : goto service_2/default/sticky/53,
        }
      }
      set closed {
        comment "node ports that nothing serves"
        type inet_proto . inet_service
      }
      set itself {
        comment "a pod that reaches itself through a Service"
        type ipv4_addr . ipv4_addr
        elements = {
          10.213.7.2 . 10.213.7.2,
          10.213.7.3 . 10.213.7.3,
          10.213.7.4 . 10.213.7.4,
        }
      }
      chain service_0/default/acid-demo/postgresql {
        meta l4proto tcp dnat ip to numgen random mod 1 map { 0 : 10.213.7.2 . 5432 }
      }
      chain service_1/default/acid-demo-repl/postgresql {
        meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.213.7.3 . 5432, 1 : 10.213.7.4 . 5432 }
      }
      chain service_2/default/sticky/53 {
        meta l4proto udp dnat ip to jhash ip saddr mod 2 map { 0 : 10.213.7.3 . 1053, 1 : 10.213.7.4 . 1053 }
      }
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        ip daddr . meta l4proto . th dport vmap @services
      }
      chain output {
        type nat hook output priority -100; policy accept;
        ip daddr . meta l4proto . th dport vmap @services
      }
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ct status dnat ip saddr . ip daddr @itself masquerade
        ct status dnat ip saddr 10.213.7.0/24 ip daddr != 10.213.7.0/24 masquerade
      }
      chain forward {
        type filter hook forward priority filter; policy accept;
        ip daddr 10.214.7.0/24 jump refuse
      }
      chain local_output {
        type filter hook output priority filter; policy accept;
        ip daddr 10.214.7.0/24 jump refuse
        ct state new ip daddr 10.213.7.1 meta l4proto . th dport @closed jump refuse
      }
      chain input {
        type filter hook input priority filter; policy accept;
        ct state new ip daddr 10.213.7.1 meta l4proto . th dport @closed jump refuse
      }
      chain refuse {
        meta l4proto tcp reject with tcp reset
        reject with icmp port-unreachable
      }
    }
    "
  `);
});

test('without br_netfilter pods are masqueraded among each other', () => {
  expect(renderRuleset([], instance, { bridgeNetfilter: false })).toContain(
    'ct status dnat ip saddr 10.213.7.0/24 ip daddr 10.213.7.0/24 masquerade',
  );
});

test('the same state gives the same text', () => {
  expect(renderRuleset([port({})], instance)).toBe(renderRuleset([port({})], instance));
});

test('no name of an object can say anything to nft', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (namespace, service, name) => {
      const text = renderRuleset([port({ namespace, service, name })], instance);
      const chains = text.split('\n').filter((line) => line.includes('service_'));
      expect(chains).toHaveLength(2);
      for (const line of chains) {
        expect(line).toMatch(
          /^ {2}chain service_0\/[\w/.-]+ \{$|^ {6}10\.214\.7\.5 \. tcp \. 5432 : goto service_0\/[\w/.-]+,$/,
        );
      }
    }),
  );
});

test('several nodes: pods keep their addresses between them, node ports are on each, one that is cut off knows old Services', () => {
  const port: ServicePort = {
    namespace: 'default',
    service: 'a',
    name: '',
    protocol: 'tcp',
    clusterIp: '10.214.7.5',
    port: 80,
    nodePort: 30_080,
    clientAffinity: false,
    backends: [{ address: '10.213.7.2', port: 8080 }],
  };
  const node = (index: number, third: number): NodeRules['place'] => ({
    index,
    podSubnet: `10.213.${third}.0/24`,
    gateway: `10.213.${third}.1`,
  });
  const moved = { ...port, backends: [{ address: '10.213.9.9', port: 8080 }] };
  const text = renderRuleset([moved], instance, undefined, [
    { place: node(0, 7), cuts: {} },
    { place: node(1, 9), cuts: { all: 'both' }, frozen: [port] },
  ]);
  expect(text).toContain(
    'ip saddr 10.213.9.0/24 ip daddr 10.213.7.0/24 snat ip prefix to ip saddr map { 10.213.9.0/24 : 10.213.9.0/24 }',
  );
  for (const gateway of ['10.213.7.1', '10.213.9.1'])
    expect(text).toContain(`${gateway} . tcp . 30080 : goto`);
  expect(text).toMatch(/map services_n1 \{[^}]*10\.214\.7\.5 \. tcp \. 80 : goto service_n1_0/);
  expect(text).toMatch(/service_n1_0\S* \{\n.*10\.213\.7\.2 \. 8080/);
  expect(text).toMatch(/chain prerouting \{\n.*\n +ip saddr 10\.213\.9\.0\/24 goto known_n1\n/);
  expect(text).toContain('ip saddr 10.213.9.0/24 ip daddr != 10.213.9.0/24 drop');
  expect(text).not.toContain('ip saddr 10.213.7.0/24 ip daddr != 10.213.7.0/24 drop');
});
