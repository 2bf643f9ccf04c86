import type { Pod } from '@pgherd/kube/objects';
import type { Fault } from '../fault.ts';
import { nameOf, signal, type World } from '../world.ts';

const dataDirectory = '/home/postgres/pgdata/pgroot/data';
/** More than the segments that a primary keeps without a slot (128 MB). */
const segments = 12;

async function replica(world: World): Promise<Pod> {
  const [first] = await world.replicas();
  if (first === undefined) throw new Error('there is no replica');
  return first;
}

async function inContainer(world: World, pod: Pod, script: string): Promise<void> {
  await world.local.kubectl('exec', nameOf(pod), '-c', 'postgres', '--', 'sh', '-ec', script);
}

async function sql(world: World, statement: string): Promise<void> {
  await world.local.pgherd('psql', world.cluster, '--', '-qAtc', statement);
}

export const dataFaults: readonly Fault[] = [
  {
    id: 'corrupt-replica',
    what: 'the data of a replica is corrupt, and its PostgreSQL dies',
    inflict: async (world) => {
      const pod = await replica(world);
      const postmaster = await world.postmaster(pod);
      await inContainer(
        world,
        pod,
        `cd ${dataDirectory}; for f in pg_xact/* pg_multixact/offsets/*; do printf x > $f; done; head -c 8192 /dev/urandom > global/pg_control`,
      );
      signal([postmaster], 'SIGKILL');
    },
  },
  {
    id: 'empty-replica',
    what: 'the data of a replica is gone, and its container dies',
    inflict: async (world) => {
      const pod = await replica(world);
      const first = await world.local.containerProcess(pod);
      await inContainer(world, pod, `rm -rf ${dataDirectory}/*`);
      signal([first], 'SIGKILL');
    },
  },
  {
    id: 'wal-gone',
    what: 'a replica stands still until the write-ahead log that it needs is gone',
    inflict: async (world) => {
      const pod = await replica(world);
      const all = (await world.processes(pod)).map(({ pid }) => pid);
      signal(all, 'SIGSTOP');
      try {
        const slot = nameOf(pod).replaceAll('-', '_');
        await sql(
          world,
          `select pg_terminate_backend(pid) from pg_stat_replication where application_name = '${nameOf(pod)}'`,
        );
        await sql(
          world,
          `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${slot}' and not active`,
        );
        for (let n = 0; n < segments; n += 1)
          await sql(world, `select pg_switch_wal(), pg_logical_emit_message(false, 'chaos', 'x')`);
        await sql(world, 'checkpoint');
        await sql(world, 'checkpoint');
      } finally {
        signal(all, 'SIGCONT');
      }
    },
  },
];
