import type { Fault } from '../fault.ts';
import { nameOf, signal } from '../world.ts';

export const objectFaults: readonly Fault[] = [
  {
    id: 'delete-primary',
    what: 'somebody deletes the primary’s pod',
    inflict: async (world) => {
      await world.local.kubectl('delete', 'pod', nameOf(await world.primary()), '--wait=false');
    },
  },
  {
    id: 'delete-primary-at-once',
    what: 'somebody deletes the primary’s pod without grace',
    inflict: async (world) => {
      const name = nameOf(await world.primary());
      await world.local.kubectl('delete', 'pod', name, '--grace-period=0', '--force', '--wait=false');
    },
  },
  {
    id: 'delete-replica-and-volume',
    what: 'a replica and its volume are deleted',
    inflict: async (world) => {
      const [replica] = await world.replicas();
      if (replica === undefined) throw new Error('there is no replica');
      const name = nameOf(replica);
      await world.local.kubectl('delete', 'pvc', `pgdata-${name}`, '--wait=false');
      await world.local.kubectl('delete', 'pod', name, '--wait=false');
    },
  },
  {
    id: 'delete-service',
    what: 'somebody deletes the primary’s Service',
    inflict: async (world) => {
      await world.local.kubectl('delete', 'service', world.cluster);
    },
  },
  {
    id: 'replace-everything',
    what: 'the pods’ template changes: a rolling update begins',
    inflict: async (world) => {
      const patch = { spec: { env: [{ name: 'CHAOS_ROUND', value: String(Date.now()) }] } };
      const args = ['postgresql', world.cluster, '--type', 'merge', '-p', JSON.stringify(patch)];
      await world.local.kubectl('patch', ...args);
    },
  },
  {
    id: 'switchover',
    what: 'somebody moves the primary',
    inflict: async (world) => {
      await world.local.pgherd('switchover', world.cluster, '--yes');
    },
  },
  {
    id: 'kill-operator',
    what: 'the operator dies and is started again later',
    inflict: async (world) => {
      signal([world.background('operator')], 'SIGKILL');
      return () => world.local.up();
    },
  },
  {
    id: 'freeze-operator',
    what: 'the operator stands still and then believes what it knew',
    inflict: (world) => {
      const pid = world.background('operator');
      signal([pid], 'SIGSTOP');
      return Promise.resolve(() => signal([pid], 'SIGCONT'));
    },
  },
];
