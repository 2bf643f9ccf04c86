/**
 * `make test`: every check and test, and at the end `N passed, N failed`. A stage that fails does not keep the later ones
 * from running. `node scripts/test.ts unit e2e` runs only the named stages.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterSecondRun, countOf, type Count } from './vitest-report.ts';

/** Runs a program to its end; answers its exit code. */
type Run = (program: string, args: string[]) => Promise<number>;
type Stage = (run: Run) => Promise<Count>;

/** What the program prints is seen at once. */
const openly: Run = (program, args) => {
  const child = spawn(program, args, { stdio: 'inherit' });
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done(code ?? 1));
  });
};

/** What the program prints is kept in `output`, because another one prints meanwhile. */
const keptIn =
  (output: Buffer[]): Run =>
  (program, args) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk));
    return new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (code) => done(code ?? 1));
    });
  };

/** A program that writes a report into a file. One that leaves none, because it broke off, counts as one failure. */
async function reported(
  what: string,
  count: (report: string, exitCode: number) => Count,
  run: (file: string) => Promise<number>,
): Promise<Count> {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-report-'));
  const file = join(directory, 'report.json');
  try {
    const exitCode = await run(file);
    return count(readFileSync(file, 'utf8'), exitCode);
  } catch (error) {
    console.error(`${what}: no report (${error instanceof Error ? error.message : String(error)})`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Tests of the project; of the named files, if any. */
const vitest = (project: string, run: Run, files: readonly string[] = []): Promise<Count> =>
  reported(project, countOf, (file) => {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    return run('vitest', ['run', '--project', project, ...reporters, ...files]);
  });

/** More files than this fail for a reason, and not by chance. */
const mostAgain = 3;

/** Tests that only compute: what fails once has failed. */
const computing =
  (project: string): Stage =>
  (run) =>
    vitest(project, run);

/**
 * Tests with real containers and networks, on a machine that others may use, too: what fails is run once more by itself,
 * and when it passes it is told as flaky. It is a defect all the same, and the next one to be looked for.
 */
const whole =
  (project: string): Stage =>
  async (run) => {
    const first = await vitest(project, run);
    const { failed, failedFiles = [] } = first;
    if (failed === 0 || failedFiles.length === 0 || failedFiles.length > mostAgain) return first;
    return afterSecondRun(first, await vitest(project, run, failedFiles));
  };

/** Patroni's own suite: its scenarios count. All features without names. */
const behave =
  (...features: string[]): Stage =>
  (run) =>
    reported(
      'behave',
      (report) => JSON.parse(report) as Count,
      (file) => run(process.execPath, ['test/judges/behave/run.ts', '--report', file, ...features]),
    );

/** A command that counts as one test. */
const command =
  (program: string, ...args: string[]): Stage =>
  async (run) =>
    (await run(program, args)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };

const stages: Record<string, Stage> = {
  check: command('make', '--no-print-directory', 'check'),
  unit: computing('unit'),
  operator: whole('operator'),
  machine: whole('machine'),
  conformance: whole('conformance'),
  judges: whole('judges'),
  // Short enough for every run; `make conformance` runs all.
  behave: behave('basic_replication', 'dcs_failsafe_mode'),
  // Only when named, because it is long.
  'behave-all': behave(),
  e2e: whole('e2e'),
};

/**
 * The order: one row after the other. The lanes of a row run side by side, because their tests wait more than they work;
 * each has instances of its own. What a lane prints is shown when its stage has ended.
 */
const order: string[][][] = [
  [['check']],
  [['unit']],
  [['operator'], ['machine']],
  [
    ['conformance', 'judges'],
    ['behave', 'behave-all'],
  ],
  [['e2e']],
];

const named = process.argv.slice(2);
const unknown = named.find((name) => stages[name] === undefined);
if (unknown !== undefined) {
  console.error(`no stage "${unknown}": there are ${Object.keys(stages).join(', ')}`);
  process.exit(64);
}
const isWanted = (name: string): boolean => (named.length > 0 ? named.includes(name) : name !== 'behave-all');

const total: Count = { passed: 0, failed: 0 };
const failures: string[] = [];
const flaky: string[] = [];

async function runStage(name: string, alone: boolean): Promise<void> {
  const begin = Date.now();
  const output: Buffer[] = [];
  if (alone) console.log(`\n== ${name}`);
  const count = await stages[name]!(alone ? openly : keptIn(output));
  if (!alone) {
    console.log(`\n== ${name}`);
    process.stdout.write(Buffer.concat(output));
  }
  total.passed += count.passed;
  total.failed += count.failed;
  if (count.failed > 0) failures.push(...(count.failures ?? []), `${name}: ${count.failed} failed`);
  flaky.push(...(count.flaky ?? []));
  const seconds = Math.round((Date.now() - begin) / 1000);
  console.log(`== ${name}: ${count.passed} passed, ${count.failed} failed, ${seconds} s`);
}

for (const row of order) {
  const lanes = row.map((lane) => lane.filter(isWanted)).filter((lane) => lane.length > 0);
  await Promise.all(
    lanes.map(async (lane) => {
      for (const name of lane) await runStage(name, lanes.length === 1);
    }),
  );
}
for (const line of flaky) console.log(`flaky, passed when run again: ${line}`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
