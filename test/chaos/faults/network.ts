import type { Fault } from '../fault.ts';
import { signal, type World } from '../world.ts';

const table = 'pgherd_chaos';

interface Cut {
  /** Drops what matches, in nftables' words, on its way out and in. */
  out?: string;
  in?: string;
}

/** Puts rules into the primary's network namespace, beside all others, and takes them away again. */
async function cutPrimary(world: World, id: string, { out, in: incoming }: Cut): Promise<() => void> {
  const pid = await world.local.containerProcess(await world.primary());
  const name = `${table}_${id.replaceAll('-', '_')}`;
  const chain = (hook: string, match: string | undefined): string =>
    match === undefined ? '' : `chain ${hook} {\n type filter hook ${hook} priority -300\n ${match}\n}\n`;
  world.rules(pid, `table inet ${name} {\n${chain('output', out)}${chain('input', incoming)}}\n`);
  return () => {
    try {
      world.rules(pid, `delete table inet ${name}`);
    } catch {
      // The pod is gone, and its network namespace with it.
    }
  };
}

/** What goes to the API server, in nftables' words. Clients of the test come from the same address, on other ports. */
async function toApiServer(world: World): Promise<string> {
  const get = async (...what: string[]): Promise<string> =>
    (await world.local.kubectl('get', ...what)).trim();
  const service = await get('service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}');
  const endpoints = ['endpoints', 'kubernetes', '-o'];
  const addresses = await get(...endpoints, 'jsonpath={.subsets[*].addresses[*].ip}');
  const ports = await get(...endpoints, 'jsonpath={.subsets[*].ports[*].port}');
  const list = (...items: string[]): string => `{ ${[...new Set(items)].join(', ')} }`;
  return `ip daddr ${list(service, ...addresses.split(' '))} tcp dport ${list('443', ...ports.split(' '))}`;
}

async function otherMembers(world: World): Promise<string> {
  const addresses = (await world.replicas()).map((pod) => pod.status?.podIP).filter(Boolean);
  return addresses.join(', ');
}

const notLoopback = 'oifname != "lo"';

export const networkFaults: readonly Fault[] = [
  {
    id: 'cut-both-ways',
    what: 'nothing reaches the primary, and nothing comes from it',
    inflict: async (world) =>
      cutPrimary(world, 'cut-both-ways', { out: `${notLoopback} drop`, in: 'iifname != "lo" drop' }),
  },
  {
    id: 'cut-in',
    what: 'nothing reaches the primary, what it sends arrives',
    inflict: async (world) => cutPrimary(world, 'cut-in', { in: 'iifname != "lo" drop' }),
  },
  {
    id: 'cut-out',
    what: 'nothing that the primary sends arrives',
    inflict: async (world) => cutPrimary(world, 'cut-out', { out: `${notLoopback} drop` }),
  },
  {
    id: 'cut-from-api',
    what: 'the primary does not reach the API server, and is reached by everybody',
    inflict: async (world) => cutPrimary(world, 'cut-from-api', { out: `${await toApiServer(world)} drop` }),
  },
  {
    id: 'cut-from-members',
    what: 'the members do not reach each other, and reach the API server',
    inflict: async (world) => {
      const others = await otherMembers(world);
      return cutPrimary(world, 'cut-from-members', {
        out: `ip daddr { ${others} } drop`,
        in: `ip saddr { ${others} } drop`,
      });
    },
  },
  {
    id: 'packets-lost',
    what: 'one packet in five of the primary is lost, either way',
    inflict: async (world) =>
      cutPrimary(world, 'packets-lost', {
        out: `${notLoopback} numgen random mod 5 == 0 drop`,
        in: 'iifname != "lo" numgen random mod 5 == 0 drop',
      }),
  },
  {
    id: 'api-one-in-three',
    what: 'two packets in three between the primary and the API server are lost',
    inflict: async (world) => {
      const match = await toApiServer(world);
      return cutPrimary(world, 'api-one-in-three', {
        out: `${match} numgen random mod 3 != 0 drop`,
      });
    },
  },
  {
    id: 'api-hangs',
    what: 'the API server answers nobody',
    inflict: async (world) => {
      const pid = world.background('server');
      signal([pid], 'SIGSTOP');
      return () => signal([pid], 'SIGCONT');
    },
  },
  {
    id: 'api-killed',
    what: 'the API server dies and is started again later',
    inflict: async (world) => {
      signal([world.background('server')], 'SIGKILL');
      return () => world.local.up();
    },
  },
];
