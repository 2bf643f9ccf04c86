/**
 * How long nobody can write: a client writes every 20 ms while its primary is killed, deleted or moved, with the
 * operator's help and without. Each measurement is added to `bench/results/failover.jsonl` when it is done, so that runs
 * can be interrupted and are added up; the table is of all that is there.
 *
 *   node bench/failover.ts --runs 10 --scenes kill-synchronous,delete --sides pgherd
 *   node bench/failover.ts --scenes node-stopped,node-cut --nodes 3
 *   node bench/failover.ts --report
 */
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { eventually } from '../test/support/eventually.ts';
import { GapWriter } from './failover/gap-writer.ts';
import { reportOf } from './failover/report.ts';
import { SampleFile, type Side } from './failover/sample.ts';
import type { Scene } from './failover/scene.ts';
import { scenes } from './failover/scenes.ts';
import { Stage, type StageOptions } from './failover/stage.ts';
import { describeMachine } from './machine.ts';

/** Those that need no more than one node. */
const onOneNode = scenes.filter(({ isAboutNodes }) => isAboutNodes !== true).map(({ id }) => id);

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    scenes: { type: 'string', default: onOneNode.join(',') },
    sides: { type: 'string', default: 'pgherd,patroni' },
    store: { type: 'string', default: 'endpoints' },
    'status-delay': { type: 'string', default: '0' },
    nodes: { type: 'string', default: '1' },
    report: { type: 'boolean', default: false },
  },
});

const here = dirname(fileURLToPath(import.meta.url));
const samples = new SampleFile(join(here, 'results', 'failover.jsonl'));
const commit = execFileSync('git', ['-C', here, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();

/** Writes that come before the fault, so that it meets a client at work. */
const writesBefore = 25;
/** Writes that come after it: then it is over. */
const writesAfter = 50;
/** Longer than anything that was ever measured. */
const overLimitMs = 180_000;

if (!values.report) await measureAll();
console.log(reportOf(scenes, samples.read()));
console.log(
  `\nMachine: ${Object.entries(describeMachine())
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}`,
);

async function measureAll(): Promise<void> {
  const wanted = chosen(
    'scenes',
    scenes.map(({ id }) => id),
  );
  const sides = chosen('sides', ['pgherd', 'patroni']) as Side[];
  const [store] = chosen('store', ['endpoints', 'configmaps']) as [StageOptions['store']];
  const statusDelayMs = whole('status-delay', 0);
  const runs = whole('runs', 1);
  const nodes = whole('nodes', 1);
  const stages: Stage[] = [];
  try {
    for (const side of sides) stages.push(await Stage.create({ side, store, statusDelayMs, nodes }));
    for (const scene of scenes.filter(({ id }) => wanted.includes(id))) {
      const name = `acid-${scene.id}`;
      await Promise.all(stages.map((stage) => stage.createCluster(name, scene)));
    }
    for (const stage of stages) if (stage.options.side === 'patroni') await stage.stopOperator();
    // In turns, so that what else the machine does meets all of them.
    for (let run = 0; run < runs; run += 1)
      for (const scene of scenes.filter(({ id }) => wanted.includes(id)))
        for (const stage of stages) await measure(stage, scene);
  } finally {
    for (const stage of stages) await stage.remove();
  }
}

async function measure(stage: Stage, scene: Scene): Promise<void> {
  const name = `acid-${scene.id}`;
  const { side, store, statusDelayMs } = stage.options;
  await stage.waitUntilWhole(name, scene.synchronous);
  const patience = { limitMs: scene.path === 'pooler' ? 30_000 : 1000, everyMs: 20 };
  const writer = new GapWriter(await stage.address(name, scene.path), patience);
  await writer.start();
  const at = new Date().toISOString();
  const [load = 0] = loadavg();
  await eventually('the writer writes', () => writer.count >= writesBefore);
  writer.beginToMeasure();
  await scene.act(stage, name, side);
  await eventually('another server is written to', () => writer.onAnotherServer >= writesAfter, {
    timeoutMs: overLimitMs,
  });
  await scene.heal?.(stage);
  const gap = await writer.finish();
  samples.add({ scene: scene.id, side, store, statusDelayMs, at, load, commit, ...gap });
  console.log(`${scene.id}, ${side}: ${gap.gapMs} ms, ${gap.errors} errors, ${gap.lost} lost`);
}

/** The chosen ones of those that there are. */
function chosen(option: 'scenes' | 'sides' | 'store', known: readonly string[]): string[] {
  const names = values[option].split(',');
  const [unknown] = names.filter((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}: there are ${known.join(', ')}`);
  return names;
}

function whole(option: 'runs' | 'status-delay' | 'nodes', least: number): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${option} ${values[option]}: give a whole number from ${least}`);
  return value;
}
