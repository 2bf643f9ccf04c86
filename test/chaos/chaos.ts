/**
 * `make chaos MINUTES=30`: a synchronous cluster of three members under faults from a seeded generator, alone and in
 * pairs. Prints each round, and exits with 1 when something acknowledged was lost, when two primaries acknowledged, or
 * when the cluster did not become whole again by itself.
 *
 *   node test/chaos/chaos.ts --minutes 30 --seed 7
 *   node test/chaos/chaos.ts --faults kill-primary,cut-in
 */
import { parseArgs } from 'node:util';
import { LocalCluster } from '../support/local-cluster.ts';
import { allFaults } from './faults/index.ts';
import { isGood, runRound, waitUntilWhole } from './run.ts';
import { chaosManifest } from './manifest.ts';
import { scheduleOf } from './schedule.ts';
import { World } from './world.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    store: { type: 'string', default: 'endpoints' },
    /** Only these, one after the other instead of a schedule. */
    faults: { type: 'string' },
  },
});

const cluster = 'acid-chaos';
const seed = Number(values.seed);
const minutes = Number(values.minutes);
if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed}: give a whole number`);
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: give a number above 0`);
const ids = allFaults.map(({ id }) => id);
const chosen = values.faults?.split(',');
const unknown = chosen?.find((id) => !ids.includes(id));
if (unknown !== undefined) throw new Error(`--faults ${unknown}: there are ${ids.join(', ')}`);
const schedule = chosen?.map((id) => ({ faults: [id], apartMs: 0, holdMs: 12_000 })) ?? scheduleOf(seed, ids);

const endsAt = Date.now() + minutes * 60_000;
console.log(`seed ${seed}, store ${values.store}`);
const local = await LocalCluster.start('chaos', {
  kubernetes_use_configmaps: String(values.store === 'configmaps'),
  enable_persistent_volume_claim_deletion: 'true',
  // Five minutes are long for a test.
  replica_rebuild_after: '10s',
});
let bad = 0;
let rounds = 0;
try {
  await local.apply(chaosManifest(cluster));
  const world = new World(local, cluster);
  await waitUntilWhole(world);
  for (const round of schedule) {
    if (Date.now() > endsAt) break;
    rounds += 1;
    const report = await runRound(world, allFaults, round);
    const { lost, invented, twoPrimaries, stale } = report.verdict;
    const clean = isGood(report);
    if (!clean) bad += 1;
    console.log(
      `${clean ? 'ok ' : 'BAD'} ${rounds}: ${round.faults.join(' + ')}, ${round.holdMs / 1000} s: ` +
        `${report.acknowledged} acknowledged, ${report.unknown} unanswered, whole after ${(report.healedMs / 1000).toFixed(1)} s` +
        (stale.length > 0 ? `, ${stale.length} stale reads` : ''),
    );
    for (const line of report.impossible) console.log(`      not possible: ${line}`);
    for (const line of [...lost, ...invented, ...twoPrimaries].slice(0, 20)) console.log(`      ${line}`);
  }
} catch (error) {
  bad += 1;
  console.log(`BAD ${rounds}: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await local.remove();
}
console.log(`${rounds - bad} rounds clean, ${bad} not; seed ${seed}`);
process.exitCode = bad > 0 ? 1 : 0;
