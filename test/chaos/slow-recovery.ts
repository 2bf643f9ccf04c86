/**
 * An asynchronous primary whose container comes back and whose recovery does not end: how long nobody can write, and what
 * is lost, until a replica takes over (`fast_failover_restart_timeout`, Patroni's `primary_start_timeout`).
 *
 *   node test/chaos/slow-recovery.ts --rounds 5
 */
import { parseArgs } from 'node:util';
import type { Pod } from '@pgherd/kube/objects';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { queryOnce, type Address } from '../support/writer.ts';
import { pathSample } from './api-away/sample.ts';
import { check } from './check.ts';
import { nameOf, signal, World } from './world.ts';
import { WritingClient } from './writing-client.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });

const cluster = 'acid-slow';
const table = 'slow';
/** From an answer to the next write, milliseconds. */
const restMs = 20;
const enoughWrites = 50;
/** Longer than Patroni alone would wait. */
const overLimitMs = 360_000;

const local = await LocalCluster.start('slow-recovery', { enable_persistent_volume_claim_deletion: 'true' });
try {
  await local.apply(clusterManifest({ name: cluster, instances: 3 }));
  for (let round = 1; round <= Number(values.rounds); round += 1)
    console.log(`round ${round}: ${await measure(new World(local, cluster))}`);
} finally {
  await local.remove();
}

async function measure(world: World): Promise<string> {
  await local.waitForStatus(cluster, 'Running', overLimitMs);
  const address = await local.address(cluster, 'zalando', 'foo');
  await eventually('all replicas stream', async () => (await streaming(address)) === 2, {
    timeoutMs: overLimitMs,
  });
  await queryOnce(address, `drop table if exists ${table}`);
  await queryOnce(address, `create table ${table} (n int)`);
  const client = new WritingClient(table, () => address, restMs);
  client.start();
  await eventually('the client writes', () => client.acknowledged > enoughWrites);
  const primary = await world.primary();
  const killed = await local.containerProcess(primary);
  const killedAt = performance.now();
  signal([killed], 'SIGKILL');
  const frozen = await freezeNextRun(world, primary, killed);
  const backMs = Math.round(performance.now() - killedAt);
  const before = client.acknowledged;
  await eventually('the client writes again', () => client.acknowledged > before + enoughWrites, {
    timeoutMs: overLimitMs,
  });
  await client.stop();
  const rows = (await queryOnce<{ n: number }>(address, `select n from ${table}`)).map(({ n }) => n);
  const { lost, twoPrimaries } = check({ writes: client.writes, reads: [], rows: { [table]: rows } });
  signal(frozen, 'SIGCONT');
  const { longestGapMs } = pathSample(client.writes, lost.length);
  const leads = nameOf(await world.primary());
  return (
    `${nameOf(primary)} → ${leads}, recovery began and froze after ${backMs} ms, writable after ${longestGapMs} ms, ` +
    `${lost.length} lost, ${twoPrimaries.length} writes of two primaries`
  );
}

/** What is called postgres in the container that follows stands still: a recovery that never ends. */
async function freezeNextRun(world: World, { metadata }: Pod, killed: number): Promise<number[]> {
  return eventually(
    'PostgreSQL recovers',
    async () => {
      const pod = (await local.pods(cluster)).find((each) => nameOf(each) === metadata?.name);
      if (pod === undefined || (await local.containerProcess(pod)) === killed) return false;
      const found = (await world.processes(pod)).filter(({ name }) => name === 'postgres');
      const pids = found.map(({ pid }) => pid);
      signal(pids, 'SIGSTOP');
      return pids.length > 0 && pids;
    },
    { everyMs: 5 },
  );
}

async function streaming(address: Address): Promise<number> {
  const sql = `select 1 from pg_stat_replication where state = 'streaming'`;
  return (await queryOnce(address, sql)).length;
}
