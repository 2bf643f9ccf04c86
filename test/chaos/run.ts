import { eventually } from '../support/eventually.ts';
import { queryOnce, type Address } from '../support/writer.ts';
import { check, isClean, type Verdict } from './check.ts';
import { rest } from './clock.ts';
import type { Fault, Heal } from './fault.ts';
import type { History } from './history.ts';
import { ReadingClient } from './reading-client.ts';
import type { Round } from './schedule.ts';
import { nameOf, type World } from './world.ts';
import { WritingClient } from './writing-client.ts';

/** How long a cluster may take to be whole again when nothing is wrong any more, milliseconds. */
const wholeLimitMs = 300_000;
const writers = ['chaos_a', 'chaos_b', 'chaos_c'];
/** Acknowledged writes of each client that a round begins and ends with. */
const enoughWrites = 20;

/** How one round went. */
export interface RoundReport {
  round: Round;
  /** Faults that could not be done, and why: the first of a pair may leave nobody to do the second to. */
  impossible: string[];
  verdict: Verdict;
  acknowledged: number;
  unknown: number;
  /** From the end of the faults to a whole cluster, milliseconds. */
  healedMs: number;
}

/** Nothing that is promised was broken, and it was put to the test. */
export function isGood({ verdict, impossible, round }: RoundReport): boolean {
  return isClean(verdict) && impossible.length < round.faults.length;
}

/** Lets clients write and read, lets the faults happen, heals them, waits until the cluster is whole, and examines. */
export async function runRound(world: World, faults: readonly Fault[], round: Round): Promise<RoundReport> {
  await waitUntilWhole(world);
  let address = await world.local.address(world.cluster, 'zalando', 'foo');
  await makeTables(address);
  const clients = writers.map((table) => new WritingClient(table, () => address));
  const readers = [new ReadingClient(writers, () => address), new ReadingClient(writers, () => address)];
  for (const client of [...clients, ...readers]) client.start();
  const heals: Heal[] = [];
  const impossible: string[] = [];
  let healedMs = 0;
  try {
    await writeOn(clients);
    for (const [index, id] of round.faults.entries()) {
      if (index > 0) await rest(round.apartMs);
      const why = await inflict(world, find(faults, id), heals);
      if (why !== undefined) impossible.push(`${id}: ${why}`);
    }
    await rest(round.holdMs);
    for (const heal of heals.splice(0)) await heal();
    const healedAt = performance.now();
    await waitUntilWhole(world);
    healedMs = Math.round(performance.now() - healedAt);
    // The Service may have been made anew.
    address = await world.local.address(world.cluster, 'zalando', 'foo');
    await writeOn(clients);
  } finally {
    for (const heal of heals) await heal();
    await Promise.all([...clients, ...readers].map((client) => client.stop()));
  }
  const history: History = {
    writes: clients.flatMap((client) => client.writes),
    reads: readers.flatMap((reader) => reader.reads),
    rows: await rowsOf(address),
  };
  const count = (outcome: string): number =>
    history.writes.filter((write) => write.outcome === outcome).length;
  return {
    round,
    impossible,
    verdict: check(history),
    acknowledged: count('acknowledged'),
    unknown: count('unknown'),
    healedMs,
  };
}

/** Answers why it was not possible. */
async function inflict(world: World, fault: Fault, heals: Heal[]): Promise<string | undefined> {
  try {
    const heal = await fault.inflict(world);
    if (heal !== undefined) heals.unshift(heal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function find(faults: readonly Fault[], id: string): Fault {
  const fault = faults.find((each) => each.id === id);
  if (fault === undefined) throw new Error(`there is no fault ${id}`);
  return fault;
}

/** Every client has some more acknowledged. */
async function writeOn(clients: readonly WritingClient[]): Promise<void> {
  const before = clients.map(({ acknowledged }) => acknowledged);
  await eventually(
    'all clients write',
    () => clients.every((client, n) => client.acknowledged >= (before[n] ?? 0) + enoughWrites),
    { timeoutMs: 60_000 },
  );
}

async function makeTables(address: Address): Promise<void> {
  for (const table of writers) {
    await queryOnce(address, `drop table if exists ${table}`);
    await queryOnce(address, `create table ${table} (n int)`);
    // Whether a row is there twice is what is looked for, so no unique index.
    await queryOnce(address, `create index on ${table} (n)`);
  }
}

async function rowsOf(address: Address): Promise<History['rows']> {
  const rows: History['rows'] = {};
  for (const table of writers) {
    const found = await queryOnce<{ n: number }>(address, `select n from ${table}`);
    rows[table] = found.map(({ n }) => n);
  }
  return rows;
}

/** The operator says that all is well, all members stream, and one is synchronous: asked of PostgreSQL itself. */
export async function waitUntilWhole(world: World): Promise<void> {
  const { local, cluster } = world;
  await local.waitForStatus(cluster, 'Running', wholeLimitMs);
  await eventually(
    `${cluster} is whole`,
    async () => {
      const address = await local.address(cluster, 'zalando', 'foo');
      const rows = await queryOnce<{ name: string; sync: string }>(
        address,
        `select application_name as name, sync_state as sync from pg_stat_replication where state = 'streaming'`,
      );
      const primary = nameOf(await world.primary());
      const others = (await local.pods(cluster)).map(nameOf).filter((name) => name !== primary);
      const streaming = new Set(rows.map(({ name }) => name));
      const hasSynchronous = rows.some(({ sync }) => sync === 'sync' || sync === 'quorum');
      return others.length > 0 && others.every((name) => streaming.has(name)) && hasSynchronous;
    },
    { timeoutMs: wholeLimitMs, everyMs: 250 },
  );
}
