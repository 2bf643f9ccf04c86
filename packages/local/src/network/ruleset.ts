import type { Instance } from '../instance/instance.ts';
import { placesOf, type ServicePort } from './service-ports.ts';

/** The nftables table of an instance, in family `ip`. */
export function tableName(instance: Pick<Instance, 'id'>): string {
  return `pgherd_${instance.id}`;
}

/** What the machine offers. */
export interface RulesetOptions {
  /**
   * Frames between two pods on the bridge pass through nftables (br_netfilter). Without it an answer would go
   * straight to the client with the wrong sender address, so the client's address cannot be kept.
   */
  bridgeNetfilter: boolean;
}

/**
 * The complete table of an instance as input of `nft -f`: replaces what stands there in one transaction and
 * names no other table. Connections that exist are not touched, the kernel's connection tracking keeps them.
 */
export function renderRuleset(
  ports: readonly ServicePort[],
  instance: Pick<Instance, 'id' | 'podSubnet' | 'gateway' | 'serviceSubnet'>,
  options: RulesetOptions = { bridgeNetfilter: true },
): string {
  const table = tableName(instance);
  const served = ports
    .filter((port) => port.backends.length > 0)
    .map((port, n) => ({ port, chain: chainName(port, n) }));
  const pods = [
    ...new Set(served.flatMap(({ port }) => port.backends.map(({ address }) => address))),
  ].toSorted();

  const lines = [
    // Making the table first lets the deletion succeed when there is none yet.
    `table ip ${table} {}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    '  map services {',
    '    type ipv4_addr . inet_proto . inet_service : verdict',
    ...elements(
      served.flatMap(({ port, chain }) =>
        placesOf(port, instance.gateway).map(
          ({ address, port: number }) => `${address} . ${port.protocol} . ${number} : goto ${chain}`,
        ),
      ),
    ),
    '  }',
    '  set closed {',
    '    comment "node ports that nothing serves"',
    '    type inet_proto . inet_service',
    ...elements(
      ports.flatMap(({ backends, nodePort, protocol }) =>
        nodePort === undefined || backends.length > 0 ? [] : [`${protocol} . ${nodePort}`],
      ),
    ),
    '  }',
    '  set itself {',
    '    comment "a pod that reaches itself through a Service"',
    '    type ipv4_addr . ipv4_addr',
    ...elements(pods.map((address) => `${address} . ${address}`)),
    '  }',
    ...served.flatMap(({ port, chain }) => [
      `  chain ${chain} {`,
      `    meta l4proto ${port.protocol} dnat ip to ${balance(port)}`,
      '  }',
    ]),
    '  chain prerouting {',
    '    type nat hook prerouting priority dstnat; policy accept;',
    '    ip daddr . meta l4proto . th dport vmap @services',
    '  }',
    '  chain output {',
    // The same priority; nft knows the name dstnat at prerouting only.
    '    type nat hook output priority -100; policy accept;',
    '    ip daddr . meta l4proto . th dport vmap @services',
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat; policy accept;',
    '    ct status dnat ip saddr . ip daddr @itself masquerade',
    ...(options.bridgeNetfilter
      ? []
      : [`    ct status dnat ip saddr ${instance.podSubnet} ip daddr ${instance.podSubnet} masquerade`]),
    `    ct status dnat ip saddr ${instance.podSubnet} ip daddr != ${instance.podSubnet} masquerade`,
    '  }',
    // What still has a cluster IP as its destination here was not translated: nothing serves it.
    '  chain forward {',
    '    type filter hook forward priority filter; policy accept;',
    `    ip daddr ${instance.serviceSubnet} jump refuse`,
    '  }',
    '  chain local_output {',
    '    type filter hook output priority filter; policy accept;',
    `    ip daddr ${instance.serviceSubnet} jump refuse`,
    `    ct state new ip daddr ${instance.gateway} meta l4proto . th dport @closed jump refuse`,
    '  }',
    '  chain input {',
    '    type filter hook input priority filter; policy accept;',
    `    ct state new ip daddr ${instance.gateway} meta l4proto . th dport @closed jump refuse`,
    '  }',
    '  chain refuse {',
    '    meta l4proto tcp reject with tcp reset',
    '    reject with icmp port-unreachable',
    '  }',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function elements(list: readonly string[]): string[] {
  return list.length === 0
    ? []
    : ['    elements = {', ...list.map((element) => `      ${element},`), '    }'];
}

/**
 * Random, or for `sessionAffinity: ClientIP` by the client's address: the same client stays with the same
 * endpoint for as long as the endpoints stay the same. It survives restarts and rewrites of the table, which a
 * remembered affinity would not; there is no timeout.
 */
function balance(port: ServicePort): string {
  const count = port.backends.length;
  const by = port.clientAffinity ? 'jhash ip saddr' : 'numgen random';
  const targets = port.backends.map(({ address, port: target }, n) => `${n} : ${address} . ${target}`);
  return `${by} mod ${count} map { ${targets.join(', ')} }`;
}

/** Tells a person which Service a chain is of. The number keeps names apart; the rest is for reading only. */
function chainName(port: ServicePort, n: number): string {
  const readable = [port.namespace, port.service, port.name === '' ? port.port : port.name].join('/');
  // Kubernetes' names need no replacement; nothing else may ever reach nft's parser.
  return `service_${n}/${readable.replaceAll(/[^a-zA-Z0-9/.-]/g, '_').slice(0, 200)}`;
}
