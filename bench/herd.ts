/**
 * `make bench-herd`: one operator and many clusters, against the local API server, with pods, Patroni and PostgreSQL that
 * only pretend. Prints tables and writes `bench/results/herd.json`. Options: `--clusters N` (default 1000), `--changes N`
 * (300), `--passes N` (5), `--quiet SECONDS` (60), `--loop-wait SECONDS` (10, between two heartbeats of a cluster; more for
 * machines that are busy otherwise, and then no figure to quote).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { syncMilliseconds } from './disk.ts';
import { measureHerd } from './herd/measure.ts';
import { printFigures } from './herd/report.ts';
import { describeMachine } from './machine.ts';

const { values } = parseArgs({
  options: {
    clusters: { type: 'string', default: '1000' },
    changes: { type: 'string', default: '300' },
    passes: { type: 'string', default: '5' },
    quiet: { type: 'string', default: '60' },
    'loop-wait': { type: 'string', default: '10' },
  },
});

function wholeNumber(name: keyof typeof values): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} ${values[name]}: give a whole number from 1`);
  return number;
}

const clusters = wholeNumber('clusters');
const loadBefore = Number((loadavg()[0] ?? 0).toFixed(2));
const syncMs = syncMilliseconds();
const begin = performance.now();
const say = (message: string): void =>
  console.error(`${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s  ${message}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const figures = await measureHerd({
  clusters,
  changes: wholeNumber('changes'),
  changesPerSecond: 10,
  fullPasses: wholeNumber('passes'),
  quietSeconds: wholeNumber('quiet'),
  loopWaitSeconds: wholeNumber('loop-wait'),
  say,
});
say('done');

const machine = { ...describeMachine(), loadBefore, diskSyncMs: Number(syncMs.toFixed(2)) };
printFigures(clusters, figures, console.log);
const described = Object.entries(machine).map(([key, value]) => `${key} ${value}`);
console.log(`\nMachine: ${described.join(', ')}`);
const results = join(dirname(fileURLToPath(import.meta.url)), 'results');
mkdirSync(results, { recursive: true });
const report = { command: `node bench/herd.ts ${process.argv.slice(2).join(' ')}`, machine, figures };
writeFileSync(join(results, 'herd.json'), `${JSON.stringify(report, null, 2)}\n`);
