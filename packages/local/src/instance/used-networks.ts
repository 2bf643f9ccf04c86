import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Engine } from '../engine/engine.ts';

const run = promisify(execFile);

/** What `ip -j route` and `ip -j addr` answer, as far as it is read here. */
interface RouteJson {
  dst?: string;
}
interface AddressJson {
  addr_info?: { family?: string; local?: string; prefixlen?: number }[];
}
/** What `GET /networks` of the Docker-compatible API answers, as far as it is read here. */
interface NetworkJson {
  IPAM?: { Config?: { Subnet?: string }[] | null };
}

/** Ranges of IPv4 routes; the default route covers everything and takes nothing. */
export function routeRanges(routes: readonly RouteJson[]): string[] {
  return routes.flatMap((route) =>
    route.dst !== undefined && /^[\d.]+(\/\d+)?$/.test(route.dst) && !route.dst.endsWith('/0')
      ? [route.dst]
      : [],
  );
}

/** Ranges of interface addresses. */
export function addressRanges(links: readonly AddressJson[]): string[] {
  return links.flatMap((link) =>
    (link.addr_info ?? []).flatMap((info) =>
      info.family === 'inet' && info.local !== undefined ? [`${info.local}/${info.prefixlen ?? 32}`] : [],
    ),
  );
}

/** Ranges of container networks, also of those without a running container. */
export function networkRanges(networks: readonly NetworkJson[]): string[] {
  return networks.flatMap((network) =>
    (network.IPAM?.Config ?? []).flatMap(({ Subnet }) =>
      Subnet !== undefined && /^[\d.]+\/\d+$/.test(Subnet) ? [Subnet] : [],
    ),
  );
}

async function ipJson<T>(args: string[]): Promise<T[]> {
  try {
    const { stdout } = await run('ip', ['-j', '-4', ...args]);
    return JSON.parse(stdout.trim() || '[]') as T[];
  } catch (error) {
    throw new Error(
      `cannot read this machine's addresses with \`ip ${args.join(' ')}\` (package iproute2): ` +
        (error instanceof Error ? error.message : String(error)),
      { cause: error },
    );
  }
}

/** Every IPv4 range that this machine already uses: routes of all tables, addresses, container networks. */
export async function usedNetworks(engine?: Pick<Engine, 'request'>): Promise<string[]> {
  const [routes, links, networks] = await Promise.all([
    ipJson<RouteJson>(['route', 'show', 'table', 'all']),
    ipJson<AddressJson>(['addr']),
    engine?.request<NetworkJson[]>('GET', '/networks') ?? [],
  ]);
  return [...routeRanges(routes), ...addressRanges(links), ...networkRanges(networks)];
}
