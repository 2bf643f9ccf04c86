import type { Instance } from '../instance/instance.ts';
import type { NodePlace } from '../instance/node-place.ts';
import { cutRules, type Cuts } from './cuts.ts';
import { placesOf, type ServicePort } from './service-ports.ts';

/** One node as the rules see it. */
export interface NodeRules {
  place: Pick<NodePlace, 'index' | 'podSubnet' | 'gateway'>;
  cuts: Cuts;
  /** The Services as the node knew them last, if it hears of no changes any more. */
  frozen?: readonly ServicePort[];
}

/** Link-local addresses that probes of a node that is cut off come from, by the node's number. */
export function probeAddress(index: number): string {
  return `169.254.${100 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

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
  instance: Pick<Instance, 'id' | 'podSubnet' | 'gateway' | 'serviceSubnet' | 'apiPort'>,
  options: RulesetOptions = { bridgeNetfilter: true },
  nodes: readonly NodeRules[] = [{ place: { ...instance, index: 0 }, cuts: {} }],
): string {
  const table = tableName(instance);
  const gateways = nodes.map(({ place }) => place.gateway);
  const subnets = nodes.map(({ place }) => place.podSubnet);
  const anyPods = setOf(subnets);
  const frozen = nodes.flatMap(({ place, frozen: known }) =>
    known === undefined ? [] : [{ place, name: `n${place.index}`, ports: known }],
  );
  const live = serviceChains(ports, 'service');
  const kept = frozen.map((node) => ({ ...node, chains: serviceChains(node.ports, `service_${node.name}`) }));
  const served = [...live, ...kept.flatMap(({ chains }) => chains)];
  const pods = [
    ...new Set(served.flatMap(({ port }) => port.backends.map(({ address }) => address))),
  ].toSorted();
  const closed = `ct state new ip daddr ${setOf(gateways)} meta l4proto . th dport @closed jump refuse`;

  const lines = [
    // Making the table first lets the deletion succeed when there is none yet.
    `table ip ${table} {}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    ...serviceMap('services', live, gateways),
    ...kept.flatMap(({ name, chains }) => serviceMap(`services_${name}`, chains, gateways)),
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
    ...kept.flatMap(({ name }) => [
      `  chain known_${name} {`,
      '    comment "what a node knew of Services before it was cut off"',
      `    ip daddr . meta l4proto . th dport vmap @services_${name}`,
      '    accept',
      '  }',
    ]),
    '  chain prerouting {',
    '    type nat hook prerouting priority dstnat; policy accept;',
    ...kept.map(({ name, place }) => `    ip saddr ${place.podSubnet} goto known_${name}`),
    '    ip daddr . meta l4proto . th dport vmap @services',
    '  }',
    '  chain output {',
    // The same priority; nft knows the name dstnat at prerouting only.
    '    type nat hook output priority -100; policy accept;',
    '    ip daddr . meta l4proto . th dport vmap @services',
    '  }',
    ...(nodes.length === 1 ? [] : betweenNodes(subnets)),
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat; policy accept;',
    '    ct status dnat ip saddr . ip daddr @itself masquerade',
    ...(options.bridgeNetfilter
      ? []
      : subnets.map((subnet) => `    ct status dnat ip saddr ${subnet} ip daddr ${subnet} masquerade`)),
    `    ct status dnat ip saddr ${anyPods} ip daddr != ${anyPods} masquerade`,
    '  }',
    // What still has a cluster IP as its destination here was not translated: nothing serves it.
    '  chain forward {',
    '    type filter hook forward priority filter; policy accept;',
    `    ip daddr ${instance.serviceSubnet} jump refuse`,
    '  }',
    '  chain local_output {',
    '    type filter hook output priority filter; policy accept;',
    `    ip daddr ${instance.serviceSubnet} jump refuse`,
    `    ${closed}`,
    '  }',
    '  chain input {',
    '    type filter hook input priority filter; policy accept;',
    `    ${closed}`,
    '  }',
    '  chain refuse {',
    '    meta l4proto tcp reject with tcp reset',
    '    reject with icmp port-unreachable',
    '  }',
    ...cutChains(nodes, instance.apiPort),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Pods of several nodes see each other's addresses. The engine would hide them behind the gateway; who translates first, here
 * each address to itself, decides.
 */
function betweenNodes(subnets: readonly string[]): string[] {
  return [
    '  chain between_nodes {',
    '    type nat hook postrouting priority srcnat - 10; policy accept;',
    ...subnets.map((subnet) => {
      const others = setOf(subnets.filter((other) => other !== subnet));
      return `    ip saddr ${subnet} ip daddr ${others} snat ip prefix to ip saddr map { ${subnet} : ${subnet} }`;
    }),
    '  }',
  ];
}

/** What is lost between a node that is cut off and the rest; before anybody else's rules can accept it. */
function cutChains(nodes: readonly NodeRules[], apiPort: number): string[] {
  const all = nodes.map(({ place, cuts }) =>
    cutRules(cuts, {
      podSubnet: place.podSubnet,
      others: nodes.flatMap((other) => (other.place === place ? [] : [other.place.podSubnet])),
      apiPort,
      probeAddress: probeAddress(place.index),
    }),
  );
  return (['forward', 'input', 'output'] as const).flatMap((hook) => {
    const rules = all.flatMap((each) => each[hook]);
    if (rules.length === 0) return [];
    return [
      `  chain cut_${hook} {`,
      `    type filter hook ${hook} priority filter - 10; policy accept;`,
      ...rules.map((rule) => `    ${rule}`),
      '  }',
    ];
  });
}

interface ServiceChain {
  port: ServicePort;
  chain: string;
}

function serviceChains(ports: readonly ServicePort[], prefix: string): ServiceChain[] {
  return ports
    .filter((port) => port.backends.length > 0)
    .map((port, n) => ({ port, chain: chainName(port, `${prefix}_${n}`) }));
}

function serviceMap(name: string, chains: readonly ServiceChain[], gateways: readonly string[]): string[] {
  return [
    `  map ${name} {`,
    '    type ipv4_addr . inet_proto . inet_service : verdict',
    ...elements(
      chains.flatMap(({ port, chain }) =>
        placesOf(port, gateways).map(
          ({ address, port: number }) => `${address} . ${port.protocol} . ${number} : goto ${chain}`,
        ),
      ),
    ),
    '  }',
  ];
}

/** One is written as itself, so that rules of one node read as ever. */
function setOf(list: readonly string[]): string {
  return list.length === 1 ? (list[0] ?? '') : `{ ${list.join(', ')} }`;
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
function chainName(port: ServicePort, prefix: string): string {
  const readable = [port.namespace, port.service, port.name === '' ? port.port : port.name].join('/');
  // Kubernetes' names need no replacement; nothing else may ever reach nft's parser.
  return `${prefix}/${readable.replaceAll(/[^a-zA-Z0-9/.-]/g, '_').slice(0, 200)}`;
}
