/** An IPv4 address as a number; undefined when it is none. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

function range(subnet: string): { first: number; size: number } {
  const [address = '', bits = ''] = subnet.split('/');
  const base = parseAddress(address);
  const length = Number(bits);
  if (base === undefined || !Number.isInteger(length) || length < 0 || length > 32) {
    throw new Error(`not an IPv4 subnet: ${subnet}`);
  }
  const size = 2 ** (32 - length);
  return { first: Math.floor(base / size) * size, size };
}

export function isInSubnet(address: string, subnet: string): boolean {
  const value = parseAddress(address);
  const { first, size } = range(subnet);
  return value !== undefined && value > first && value < first + size - 1;
}

/** All usable addresses, lowest first: neither the network's own nor the broadcast address. */
export function* addressesOf(subnet: string): Generator<string> {
  const { first, size } = range(subnet);
  for (let offset = 1; offset < size - 1; offset++) yield formatAddress(first + offset);
}
