import type { Pod } from '@pgherd/kube/objects';
import type { Fault, Heal } from '../fault.ts';
import { signal, type World } from '../world.ts';

/** Stops processes as a frozen machine does, until it is healed. */
function freeze(pids: readonly number[]): Heal {
  signal(pids, 'SIGSTOP');
  return () => signal(pids, 'SIGCONT');
}

async function firstReplica(world: World): Promise<Pod> {
  const [replica] = await world.replicas();
  if (replica === undefined) throw new Error('there is no replica');
  return replica;
}

export const processFaults: readonly Fault[] = [
  {
    id: 'kill-primary',
    what: 'every process of the primary’s container dies',
    inflict: async (world) => signal([await world.local.containerProcess(await world.primary())], 'SIGKILL'),
  },
  {
    id: 'kill-postmaster',
    what: 'the primary’s PostgreSQL dies, Patroni lives',
    inflict: async (world) => signal([await world.postmaster(await world.primary())], 'SIGKILL'),
  },
  {
    id: 'kill-replica',
    what: 'every process of a replica’s container dies',
    inflict: async (world) =>
      signal([await world.local.containerProcess(await firstReplica(world))], 'SIGKILL'),
  },
  {
    id: 'kill-all',
    what: 'every process of every member dies',
    inflict: async (world) => {
      const all = await world.local.pods(world.cluster);
      signal(await Promise.all(all.map((pod) => world.local.containerProcess(pod))), 'SIGKILL');
    },
  },
  {
    id: 'freeze-primary',
    what: 'every process of the primary stands still',
    inflict: async (world) => freeze((await world.processes(await world.primary())).map(({ pid }) => pid)),
  },
  {
    id: 'freeze-patroni',
    what: 'the primary’s Patroni stands still, PostgreSQL goes on',
    inflict: async (world) => freeze(await world.patroni(await world.primary())),
  },
  {
    id: 'freeze-postmaster',
    what: 'the primary’s postmaster stands still: nobody can connect anew',
    inflict: async (world) => freeze([await world.postmaster(await world.primary())]),
  },
  {
    id: 'freeze-replica',
    what: 'every process of a replica stands still',
    inflict: async (world) =>
      freeze((await world.processes(await firstReplica(world))).map(({ pid }) => pid)),
  },
];
