import { isIPv4 } from 'node:net';

/** An IPv4 range: first and last address as unsigned 32-bit numbers. */
export interface Range {
  first: number;
  last: number;
}

/** `10.1.2.3` as a number. Throws on anything that is not an IPv4 address. */
export function toNumber(address: string): number {
  if (!isIPv4(address)) throw new Error(`not an IPv4 address: ${JSON.stringify(address)}`);
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The reverse of `toNumber`. */
export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** `10.1.2.0/24` (or a single address) as a range; host bits are ignored. Throws on anything else. */
export function parseCidr(cidr: string): Range {
  const [address = '', bits = '32', ...rest] = cidr.split('/');
  const length = Number(bits);
  if (rest.length > 0 || !/^\d{1,2}$/.test(bits) || length > 32) {
    throw new Error(`not an IPv4 range: ${JSON.stringify(cidr)}`);
  }
  const size = 2 ** (32 - length);
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

/** Whether an address lies in a range given as `10.1.2.0/24`. */
export function contains(cidr: string, address: string): boolean {
  const range = parseCidr(cidr);
  const value = toNumber(address);
  return value >= range.first && value <= range.last;
}

/** Whether two ranges share an address. */
export function overlaps(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** A pod network and the range of cluster IPs that goes with it. */
export interface SubnetPair {
  podSubnet: string;
  serviceSubnet: string;
}

/**
 * Second octets of pod networks; cluster IPs take the next octet. The pairing is fixed, so that whoever has a
 * pod network (which the container engine remembers even while nothing runs) has its service range too.
 */
const podOctets = [213, 201, 189, 177, 165, 153, 141, 129];

/**
 * The first pair of /24 ranges that overlaps none of `used`, beginning at a place that depends on `seed`, so
 * that two instances which start at the same moment hardly ever meet. Throws when everything is taken.
 */
export function chooseSubnets(used: readonly string[], seed: number): SubnetPair {
  const taken = used.map(parseCidr);
  for (let n = 0; n < podOctets.length * 256; n++) {
    const octet = podOctets[Math.floor(n / 256)]!;
    const third = (seed + n) % 256;
    const pair = { podSubnet: `10.${octet}.${third}.0/24`, serviceSubnet: `10.${octet + 1}.${third}.0/24` };
    const free = [pair.podSubnet, pair.serviceSubnet].every((cidr) => {
      const range = parseCidr(cidr);
      return !taken.some((other) => overlaps(range, other));
    });
    if (free) return pair;
  }
  throw new Error(
    'no free address range for pods and Services: every candidate between 10.129.0.0 and 10.214.255.0 overlaps ' +
      'a route, an interface address or a container network of this machine (see `ip route` and `ip addr`)',
  );
}

/** A free /24 range for the pods of one more node, beginning at a place that depends on `seed`. Throws when there is none. */
export function chooseSubnet(used: readonly string[], seed: number): string {
  const taken = used.map(parseCidr);
  for (let n = 0; n < podOctets.length * 256; n++) {
    const subnet = `10.${podOctets[Math.floor(n / 256)]}.${(seed + n) % 256}.0/24`;
    const range = parseCidr(subnet);
    if (!taken.some((other) => overlaps(range, other))) return subnet;
  }
  throw new Error(
    'no free address range for another node: every candidate between 10.129.0.0 and 10.213.255.0 overlaps a route, an ' +
      'interface address or a container network of this machine (see `ip route` and `ip addr`)',
  );
}

/** The `n`th address of a range; 0 is the network address itself. */
export function nthAddress(cidr: string, n: number): string {
  const range = parseCidr(cidr);
  if (range.first + n > range.last) throw new Error(`${cidr} has no address number ${n}`);
  return toAddress(range.first + n);
}
