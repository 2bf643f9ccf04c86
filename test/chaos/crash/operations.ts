import { eventually } from '../../support/eventually.ts';
import { clusterName, type CrashCluster } from './crash-cluster.ts';

/** What a round does with a cluster, one after the other. */
export const operationNames = [
  'creation',
  'growth',
  'update',
  'switchover',
  'scale-down',
  'deletion',
] as const;
export type OperationName = (typeof operationNames)[number];

/** A piece of work of the operator. */
export interface Operation {
  /** Has it begin. */
  begin: () => Promise<unknown>;
  /** Whether all is as it must be in the end. Throws what is not so yet. */
  isDone: () => Promise<boolean>;
  /** What was made for it is taken back. */
  after?: () => Promise<unknown>;
  /** How often each pod that was there before must be replaced. */
  replaced: number;
  /** How often the primary must move. */
  moves: number;
}

/** The operation as it is to be done with the cluster, which is whole and made ready for it. */
export async function operation(name: OperationName, cluster: CrashCluster): Promise<Operation> {
  const quiet = { replaced: 0, moves: 0 };
  switch (name) {
    case 'creation':
      return { ...quiet, begin: () => cluster.create(), isDone: () => cluster.isWhole(2) };
    case 'growth': {
      const size = '600Mi';
      const isDone = async () => (await cluster.sizes()).every((each) => each === size) && cluster.isWhole(2);
      return { ...quiet, begin: () => cluster.change({ volume: { size } }), isDone };
    }
    case 'update': {
      const env = [{ name: 'CRASH_POINTS', value: 'changed' }];
      const isDone = async () => (await isEverywhere(cluster, 'CRASH_POINTS')) && cluster.isWhole(2);
      return { replaced: 1, moves: 1, begin: () => cluster.change({ env }), isDone };
    }
    case 'switchover': {
      const { leave, left, back } = await departure(cluster);
      return { replaced: 0, moves: 1, begin: leave, isDone: left, after: back };
    }
    case 'scale-down': {
      await makePrimary(cluster, `${clusterName}-1`);
      const begin = () => cluster.change({ numberOfInstances: 1 });
      return { replaced: 0, moves: 1, begin, isDone: () => cluster.isWhole(1) };
    }
    case 'deletion':
      return { ...quiet, begin: () => cluster.remove(), isDone: () => cluster.isGone() };
    default:
      return name satisfies never;
  }
}

async function isEverywhere(cluster: CrashCluster, variable: string): Promise<boolean> {
  const members = await cluster.members();
  return members.every(({ spec }) => spec?.containers[0]?.env?.some(({ name }) => name === variable));
}

/** The primary's node drained, as far as this cluster sees; and back. */
async function departure(cluster: CrashCluster) {
  const before = (await cluster.primary()) ?? '';
  const node = await cluster.node(before);
  return {
    leave: () => cluster.setFit(node, false),
    left: async () => (await cluster.primary()) !== before && cluster.isWhole(2),
    back: () => cluster.setFit(node, true),
  };
}

/** So that it is among the pods that go. */
async function makePrimary(cluster: CrashCluster, member: string): Promise<void> {
  if ((await cluster.primary()) === member) return;
  const { leave, left, back } = await departure(cluster);
  await leave();
  await eventually(`${cluster.namespace}: ${member} is primary`, left, { timeoutMs: 300_000, everyMs: 750 });
  await back();
}
