import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Instance } from '../instance/instance.ts';
import type { NodePlace } from '../instance/node-place.ts';
import { run } from './command.ts';

/** Names of the two ends of the cable that keeps the bridge; at most 15 characters, as the kernel demands. */
function cable(instance: Pick<Instance, 'bridgeName'>): { inside: string; outside: string } {
  return { inside: `${instance.bridgeName}k`, outside: `${instance.bridgeName}x` };
}

/** Whether a network device exists. */
export function deviceExists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

/**
 * Makes a node's bridge with the gateway's address, the first node's with the route to the cluster IPs, or repairs what is missing of
 * it. podman takes a bridge that exists, and removes it with the last container that is attached; so a cable
 * with both ends on the host stays attached, and the API server and DNS keep their address.
 */
export async function ensureBridge(
  instance: Pick<Instance, 'id' | 'serviceSubnet'>,
  { bridgeName, gateway, podSubnet, index }: NodePlace,
): Promise<void> {
  const { inside, outside } = cable({ bridgeName });
  if (!deviceExists(bridgeName)) await ip('link', 'add', bridgeName, 'type', 'bridge');
  // Without a fixed address the bridge would take the lowest of its ports and change it with every pod.
  const mac = `02:70:${(0x67 + index).toString(16)}:${instance.id.slice(0, 2)}:${instance.id.slice(2, 4)}:${instance.id.slice(4, 6)}`;
  await ip('link', 'set', bridgeName, 'address', mac, 'up');
  await ip('address', 'replace', `${gateway}/${podSubnet.split('/')[1] ?? '24'}`, 'dev', bridgeName);
  if (!deviceExists(inside)) await ip('link', 'add', inside, 'type', 'veth', 'peer', 'name', outside);
  // The far end needs no address of its own, IPv6 link-local neither.
  await ip('link', 'set', outside, 'addrgenmode', 'none', 'up');
  await ip('link', 'set', inside, 'addrgenmode', 'none', 'master', bridgeName, 'up');
  // Nothing ever leaves through this route: translated packets are routed anew, all others are refused. It does
  // not name the bridge, because a packet that would leave where it came from makes the kernel send redirects,
  // whose rate limit then swallows the refusal of UDP.
  if (index === 0) await ip('route', 'replace', instance.serviceSubnet, 'dev', outside, 'src', gateway);
}

/** Whether everything of `ensureBridge` still stands, read without starting a program but one. */
export async function bridgeStands(
  instance: Pick<Instance, 'serviceSubnet'>,
  place: NodePlace,
): Promise<boolean> {
  if (!existsSync(`/sys/class/net/${place.bridgeName}/brif/${cable(place).inside}`)) return false;
  if (place.index > 0) return true;
  const routes = await ip('route', 'show', instance.serviceSubnet);
  return routes.trim() !== '';
}

/**
 * Lets every pod's port send a frame back where it came from: a pod that reaches itself through a Service.
 * Answers how many ports were changed.
 */
export function enableHairpin(instance: Pick<Instance, 'bridgeName'>): number {
  const directory = `/sys/class/net/${instance.bridgeName}/brif`;
  if (!existsSync(directory)) return 0;
  let changed = 0;
  for (const port of readdirSync(directory)) {
    if (port === cable(instance).inside) continue;
    const file = `${directory}/${port}/hairpin_mode`;
    try {
      if (readFileSync(file, 'utf8').trim() === '1') continue;
      writeFileSync(file, '1');
      changed++;
    } catch (error) {
      // The pod ended meanwhile and took its port along.
      if (deviceExists(port)) throw error;
    }
  }
  return changed;
}

/**
 * Has frames between two pods of this bridge pass through nftables. Answers false when the kernel cannot.
 * The module's machine-wide default is switched off if it is loaded here, other bridges stay as they were.
 */
export async function enableBridgeNetfilter(instance: Pick<Instance, 'bridgeName'>): Promise<boolean> {
  const everywhere = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  const here = `/sys/class/net/${instance.bridgeName}/bridge/nf_call_iptables`;
  if (!existsSync(everywhere)) {
    await run('modprobe', ['br_netfilter']).catch(() => '');
    if (!existsSync(everywhere)) return false;
    for (const name of ['arptables', 'ip6tables', 'iptables']) {
      writeFileSync(`/proc/sys/net/bridge/bridge-nf-call-${name}`, '0');
    }
  }
  writeFileSync(here, '1');
  return true;
}

/** Lets the host route between pods, cluster IPs and the outside. */
export function enableForwarding(): void {
  const file = '/proc/sys/net/ipv4/ip_forward';
  if (readFileSync(file, 'utf8').trim() !== '1') writeFileSync(file, '1');
}

/**
 * Gives a node's bridge the address that its agent's probes come from while it is cut off. It stays: a probe may be under way
 * when the cut ends, and only pods of this node ever see it.
 */
export async function addProbeAddress(
  { bridgeName }: Pick<NodePlace, 'bridgeName'>,
  address: string,
): Promise<void> {
  await ip('address', 'replace', `${address}/32`, 'dev', bridgeName);
}

/** Removes the bridge, its cable and the route. */
export async function removeBridge(instance: Pick<Instance, 'bridgeName'>): Promise<void> {
  for (const device of [cable(instance).inside, instance.bridgeName]) {
    if (deviceExists(device)) await ip('link', 'delete', device);
  }
}

function ip(...args: string[]): Promise<string> {
  return run('ip', args);
}
