/**
 * `make bench`: what a user waits for and pays for with a first cluster on `pgherd local`. Prints a table and writes
 * `bench/results/first-cluster.json`. `--runs N` sets how often each time is measured (default 5).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clusterManifest } from './manifests.ts';
import { describeMachine } from './machine.ts';
import { residentMiB } from './process-memory.ts';
import { Subject } from './subject.ts';
import { summarise, type Summary } from './statistics.ts';

interface Row {
  what: string;
  unit: string;
  goal: number;
  measured: Summary;
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: give a whole number from 1`);

const rows: Row[] = [];
const subject = await Subject.create('bench');
try {
  const ready: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await subject.down();
    ready.push((await subject.up()) / 1000);
  }
  rows.push({ what: '`pgherd local up` to API ready', unit: 's', goal: 1.5, measured: summarise(ready) });

  for (const [instances, goal] of [
    [1, 6],
    [2, 12],
    [3, 15],
  ] as const) {
    const seconds: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const name = `acid-bench-${instances}-${run}`;
      seconds.push(
        (await subject.createUntilStreaming(clusterManifest({ name, instances }), name, instances)) / 1000,
      );
      await subject.deleteCluster(name);
    }
    const what = `apply to all streaming, ${instances} instance${instances > 1 ? 's' : ''}`;
    rows.push({ what, unit: 's', goal, measured: summarise(seconds) });
  }

  await subject.createUntilStreaming(clusterManifest({ name: 'acid-idle', instances: 3 }), 'acid-idle', 3);
  await subject.waitUntilRunning('acid-idle');
  const requests: number[] = [];
  const memory = { server: [] as number[], operator: [] as number[] };
  for (let run = 0; run < Math.min(runs, 3); run += 1) {
    requests.push(await subject.operatorRequestsIn(60_000));
    memory.server.push(residentMiB(subject.pid('server')));
    memory.operator.push(residentMiB(subject.pid('operator')));
  }
  rows.push(
    {
      what: 'memory of API server with node agent',
      unit: 'MiB',
      goal: 150,
      measured: summarise(memory.server),
    },
    { what: 'memory of the operator', unit: 'MiB', goal: 150, measured: summarise(memory.operator) },
    {
      what: 'requests of an idle operator in a minute, besides watches and its lease',
      unit: '',
      goal: 0,
      measured: summarise(requests),
    },
  );
} finally {
  await subject.remove();
}

const machine = describeMachine();
const round = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(2));
console.log(`| what | unit | goal | p50 | p95 | min | max | N |\n|---|---|---|---|---|---|---|---|`);
for (const { what, unit, goal, measured } of rows) {
  const cells = [measured.p50, measured.p95, measured.min, measured.max].map(round);
  console.log(`| ${what} | ${unit} | ≤ ${goal} | ${cells.join(' | ')} | ${measured.n} |`);
}
console.log(
  `\nMachine: ${Object.entries(machine)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}`,
);
const results = join(dirname(fileURLToPath(import.meta.url)), 'results');
mkdirSync(results, { recursive: true });
const report = { command: `make bench RUNS=${runs}`, machine, rows };
writeFileSync(join(results, 'first-cluster.json'), `${JSON.stringify(report, null, 2)}\n`);
