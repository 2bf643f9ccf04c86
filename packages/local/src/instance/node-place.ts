import type { Instance } from './instance.ts';
import { chooseSubnet, nthAddress } from './subnets.ts';

/** One node of an instance: a name, and a network of its own. Chosen once, the same for ever after. */
export interface NodePlace {
  /** 0 is the first node, which every instance has. */
  index: number;
  name: string;
  networkName: string;
  bridgeName: string;
  podSubnet: string;
  /** The bridge's own address, and the node's `InternalIP`. */
  gateway: string;
  /** Its label `topology.kubernetes.io/zone`. */
  zone?: string;
}

/** All nodes of an instance, the first one first. */
export function placesOf(instance: Instance): NodePlace[] {
  const { nodeName, networkName, bridgeName, podSubnet, gateway, zone } = instance;
  const first = { index: 0, name: nodeName, networkName, bridgeName, podSubnet, gateway };
  return [{ ...first, ...(zone === undefined ? {} : { zone }) }, ...(instance.nodes ?? [])];
}

/** The instance as if this node were its only one: for everything that is done for each node alike. */
export function instanceOf(instance: Instance, place: NodePlace): Instance {
  const { name, networkName, bridgeName, podSubnet, gateway } = place;
  return { ...instance, nodeName: name, networkName, bridgeName, podSubnet, gateway };
}

/**
 * The instance with at least `count` nodes; those that it has stay as they are. `zones` are given to all nodes in turn.
 *
 * @param used ranges that are taken on this machine. Throws when no more are free.
 */
export function withNodes(
  instance: Instance,
  { count, zones = [] }: { count: number; zones?: readonly string[] },
  used: readonly string[],
): Instance {
  const nodes = [...(instance.nodes ?? [])];
  const taken = [...used, instance.serviceSubnet, ...placesOf(instance).map(({ podSubnet }) => podSubnet)];
  while (nodes.length + 1 < count) {
    const index = Math.max(0, ...nodes.map((node) => node.index)) + 1;
    const podSubnet = chooseSubnet(taken, Number.parseInt(instance.id, 16) + index);
    taken.push(podSubnet);
    nodes.push({
      index,
      name: `${instance.nodeName}-${index + 1}`,
      networkName: `${instance.networkName}-${index + 1}`,
      bridgeName: `${instance.bridgeName}n${index + 1}`,
      podSubnet,
      gateway: nthAddress(podSubnet, 1),
    });
  }
  const zoneOf = (n: number): { zone?: string } =>
    zones.length === 0 ? {} : { zone: zones[n % zones.length] ?? '' };
  return { ...instance, ...zoneOf(0), nodes: nodes.map((node, n) => ({ ...node, ...zoneOf(n + 1) })) };
}

/** The instance without one of its nodes; the first cannot go. */
export function withoutNode(instance: Instance, name: string): Instance {
  return { ...instance, nodes: (instance.nodes ?? []).filter((node) => node.name !== name) };
}
