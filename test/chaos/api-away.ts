/**
 * What clients notice when the API server is away, or answers only some requests: synchronous clusters of three members
 * with the settings to compare, each written to all the time, directly and through its pooler. Each cluster's figures are
 * added to `bench/results/api-away.jsonl`; the table is of all that is there.
 *
 *   node test/chaos/api-away.ts --how refused --minutes 10 --profiles default,no-failsafe
 *   node test/chaos/api-away.ts --how one-in-three --otherwise 503 --minutes 5 --store configmaps
 *   node test/chaos/api-away.ts --report
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { rest } from './clock.ts';
import { waitUntilWhole } from './run.ts';
import { World } from './world.ts';
import { WritingClient } from './writing-client.ts';
import { takeApiServerAway, type Outage } from '../support/api-outage.ts';
import { eventually } from '../support/eventually.ts';
import type { Flakiness } from '../support/flaky-proxy.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { queryOnce, type Address } from '../support/writer.ts';
import { profiles, type Profile } from './api-away/profile.ts';
import { reportOf } from './api-away/report.ts';
import { pathSample, type AwaySample } from './api-away/sample.ts';
import { clusterManifest } from '../support/manifests.ts';

const { values } = parseArgs({
  options: {
    how: { type: 'string', default: 'refused' },
    /** With one-in-three: what becomes of the other requests. */
    otherwise: { type: 'string', default: 'hang' },
    'watch-seconds': { type: 'string', default: '10' },
    minutes: { type: 'string', default: '10' },
    profiles: { type: 'string', default: 'default,no-failsafe' },
    store: { type: 'string', default: 'endpoints' },
    report: { type: 'boolean', default: false },
  },
});

const here = dirname(fileURLToPath(import.meta.url));
const results = join(here, '../../bench/results/api-away.jsonl');
const commit = execFileSync('git', ['-C', here, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
/** From an answer to the next write, milliseconds. */
const restMs = 20;
/** Writes of every client before the outage, and after it. */
const enoughWrites = 50;

/** A cluster and its clients. */
interface Subject {
  profile: Profile;
  world: World;
  address: Address;
  clients: { direct: WritingClient; pooler: WritingClient };
  timeline: number;
  starts: string[];
}

if (!values.report) await measure();
console.log(reportOf(readSamples()));

async function measure(): Promise<void> {
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: give a number above 0`);
  if (!['endpoints', 'configmaps'].includes(values.store))
    throw new Error(`--store ${values.store}: endpoints or configmaps`);
  const { how, outage } = outageOf();
  const wanted = chosenProfiles();
  const local = await LocalCluster.start(`bench-api-away-${values.how}`, {
    kubernetes_use_configmaps: String(values.store === 'configmaps'),
    enable_persistent_volume_claim_deletion: 'true',
  });
  try {
    const at = new Date().toISOString();
    const subjects = await Promise.all(wanted.map((profile) => prepare(local, profile)));
    console.log(`${new Date().toISOString()} ${how}, ${values.store}: the API server goes away`);
    const back = await takeApiServerAway(local.home, outage);
    try {
      await rest(minutes * 60_000);
    } finally {
      await back();
    }
    console.log(`${new Date().toISOString()} the API server is back`);
    const backAt = performance.now();
    // The client of this process had idle connections, too.
    await local.up();
    for (const subject of subjects) {
      await waitUntilWhole(subject.world);
      const wholeAfterSeconds = Math.round((performance.now() - backAt) / 100) / 10;
      const figures = await examine(subject);
      add({
        how,
        profile: subject.profile.id,
        store: values.store,
        minutes,
        ...figures,
        wholeAfterSeconds,
        at,
        commit,
      });
      await tellPatroni(subject);
    }
  } finally {
    await local.remove();
  }
}

/** Makes a cluster and lets its clients write. */
async function prepare(local: LocalCluster, profile: Profile): Promise<Subject> {
  const name = `acid-${profile.id}`;
  const manifest = clusterManifest({ name, instances: 3 });
  const spec = {
    ...(manifest['spec'] as object),
    enableConnectionPooler: true,
    patroni: { synchronous_mode: true, ...profile.patroni },
  };
  await local.apply({ ...manifest, spec });
  const world = new World(local, name);
  await waitUntilWhole(world);
  const address = await local.address(name, 'zalando', 'foo');
  const service = ['get', 'service', `${name}-pooler`, '-o', 'jsonpath={.spec.clusterIP}'];
  const pooler = { ...address, host: (await local.kubectl(...service)).trim() };
  for (const table of ['direct', 'pooler']) await queryOnce(address, `create table ${table} (n int)`);
  const clients = {
    direct: new WritingClient('direct', () => address, restMs),
    pooler: new WritingClient('pooler', () => pooler, restMs),
  };
  const subject = {
    profile,
    world,
    address,
    clients,
    timeline: await timelineOf(address),
    starts: await startsOf(world),
  };
  for (const client of Object.values(clients)) client.start();
  await writeOn(subject);
  return subject;
}

/** Ends the clients, and looks at what they did and what there is. */
async function examine(
  subject: Subject,
): Promise<Pick<AwaySample, 'direct' | 'pooler' | 'promotions' | 'twoPrimaries' | 'restarts'>> {
  const { address, clients, world, timeline, starts } = subject;
  await writeOn(subject);
  await Promise.all(Object.values(clients).map((client) => client.stop()));
  const rows = { direct: await rowsOf(address, 'direct'), pooler: await rowsOf(address, 'pooler') };
  const writes = [...clients.direct.writes, ...clients.pooler.writes];
  const { twoPrimaries, invented } = check({ writes, reads: [], rows });
  if (invented.length > 0) throw new Error(`rows that nobody wrote: ${invented.slice(0, 5).join(', ')}`);
  const figures = (client: WritingClient, there: readonly number[]): AwaySample['direct'] => {
    const { lost } = check({ writes: client.writes, reads: [], rows: { [client.table]: [...there] } });
    return pathSample(client.writes, lost.length);
  };
  const now = await startsOf(world);
  return {
    direct: figures(clients.direct, rows.direct),
    pooler: figures(clients.pooler, rows.pooler),
    promotions: (await timelineOf(address)) - timeline,
    twoPrimaries: twoPrimaries.length,
    restarts: now.filter((start) => !starts.includes(start)).length,
  };
}

async function writeOn({ clients: { direct, pooler }, world }: Subject): Promise<void> {
  const [directBefore, poolerBefore] = [direct.acknowledged, pooler.acknowledged];
  await eventually(
    `the clients of ${world.cluster} write`,
    () =>
      direct.acknowledged > directBefore + enoughWrites && pooler.acknowledged > poolerBefore + enoughWrites,
    { timeoutMs: 120_000, everyMs: 500 },
  );
}

async function timelineOf(address: Address): Promise<number> {
  const [row] = await queryOnce<{ t: number }>(
    address,
    'select timeline_id as t from pg_control_checkpoint()',
  );
  return row?.t ?? 0;
}

async function rowsOf(address: Address, table: string): Promise<number[]> {
  return (await queryOnce<{ n: number }>(address, `select n from ${table}`)).map(({ n }) => n);
}

/** Every start of a container of the cluster's pods. */
async function startsOf({ local, cluster }: World): Promise<string[]> {
  const all = await local.pods(cluster);
  return all.flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? []).map(({ containerID }) => `${metadata?.uid} ${containerID}`),
  );
}

/** What its members wrote of roles and of the API server: for whoever wants to know why. */
async function tellPatroni({ world: { local, cluster } }: Subject): Promise<void> {
  for (const { metadata } of await local.pods(cluster)) {
    const log = await local.kubectl('logs', metadata?.name ?? '', '-c', 'postgres', '--tail', '100000');
    const told = log
      .split('\n')
      .filter((line) => /demot|promot|failsafe mode|DCS is not|no action\. I am \(/i.test(line));
    const counted = Map.groupBy(told, (line) => line.replace(/^.*?(INFO|WARNING|ERROR): /, ''));
    for (const [line, each] of counted) console.log(`  ${metadata?.name}: ${each.length} × ${line}`);
  }
}

function outageOf(): { how: string; outage: Outage } {
  const { how, otherwise } = values;
  if (how === 'refused' || how === 'hanging') return { how, outage: how };
  if (how !== 'one-in-three') throw new Error(`--how ${how}: refused, hanging or one-in-three`);
  if (!['hang', 'close', '503'].includes(otherwise))
    throw new Error(`--otherwise ${otherwise}: hang, close or 503`);
  const flakiness = {
    answered: 1 / 3,
    otherwise: otherwise as Flakiness['otherwise'],
    watchSeconds: Number(values['watch-seconds']),
  };
  return { how: `${how}, else ${otherwise}`, outage: flakiness };
}

function chosenProfiles(): Profile[] {
  return values.profiles.split(',').map((id) => {
    const found = profiles.find((profile) => profile.id === id);
    if (found === undefined)
      throw new Error(`--profiles ${id}: there are ${profiles.map((profile) => profile.id).join(', ')}`);
    return found;
  });
}

function add(sample: AwaySample): void {
  mkdirSync(dirname(results), { recursive: true });
  appendFileSync(results, `${JSON.stringify(sample)}\n`);
}

function readSamples(): AwaySample[] {
  if (!existsSync(results)) return [];
  const lines = readFileSync(results, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AwaySample);
}
