/**
 * How long nobody can write: a client writes every 20 ms while its primary is killed, deleted or moved, with the
 * operator's help and without. Each measurement is added to `bench/results/failover.jsonl` when it is done, so that runs
 * can be interrupted and are added up; tables and plots are of all that is there.
 *
 *   node bench/failover.ts --minutes 45
 *   node bench/failover.ts --runs 10 --scenes kill-synchronous,delete --stores endpoints --status-delay 0
 *   node bench/failover.ts --report
 */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chosen, numbers, positive } from './failover/options.ts';
import { playAll } from './failover/play.ts';
import { SampleFile, type Side, type Store } from './failover/sample.ts';
import { scenes } from './failover/scenes.ts';
import { blocksOf } from './failover/schedule.ts';
import { writeReport } from './failover/write-report.ts';
import { describeMachine } from './machine.ts';

const sceneIds = scenes.map(({ id }) => id);

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    runs: { type: 'string' },
    clusters: { type: 'string', default: '3' },
    'plain-share': { type: 'string', default: '0.25' },
    scenes: { type: 'string', default: sceneIds.join(',') },
    sides: { type: 'string', default: 'pgherd,patroni' },
    stores: { type: 'string', default: 'endpoints,configmaps' },
    'status-delay': { type: 'string', default: '0,1.5' },
    report: { type: 'boolean', default: false },
  },
});

const here = dirname(fileURLToPath(import.meta.url));
const samples = new SampleFile(join(here, 'results', 'failover.jsonl'));

const isWhole = values.report || (await measure());
console.log(writeReport(join(here, '..', 'docs'), scenes, samples.read()));
// What an interrupted run waits for is of no interest any more.
if (!isWhole) process.exit(130);

async function measure(): Promise<boolean> {
  const { cpu, cores, memoryGiB, kernel } = describeMachine();
  const names = chosen('--scenes', values.scenes, sceneIds);
  const wanted = scenes.filter(({ id }) => names.includes(id));
  const runs = values.runs === undefined ? undefined : positive('--runs', values.runs);
  return playAll({
    scenes: wanted,
    sides: chosen('--sides', values.sides, ['pgherd', 'patroni']) as Side[],
    blocks: blocksOf({
      stores: chosen('--stores', values.stores, ['endpoints', 'configmaps']) as Store[],
      delaysMs: numbers('--status-delay', values['status-delay']).map((seconds) => seconds * 1000),
      nodes: wanted.some(({ isAboutNodes }) => isAboutNodes === true),
      others: wanted.some(({ isAboutNodes }) => isAboutNodes !== true),
    }),
    ...(runs === undefined ? { minutes: positive('--minutes', values.minutes ?? '45') } : { runs }),
    clusters: positive('--clusters', values.clusters),
    plainShare: positive('--plain-share', values['plain-share']),
    commit: execFileSync('git', ['-C', here, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    machine: `${cpu}, ${cores} cores, ${memoryGiB} GiB, kernel ${kernel}`,
    samples,
  });
}
