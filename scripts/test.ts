/**
 * `make test`: every check and test, one after the other, and at the end `N passed, N failed`. A stage that fails does
 * not keep the later ones from running. `node scripts/test.ts unit e2e` runs only the named stages.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

interface Count {
  passed: number;
  failed: number;
  /** What failed, a line each: named again at the end, where a log that is cut to its tail still shows it. */
  failures?: string[];
}

/** What `--reporter=json` writes, as far as it is read here. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** The first line of an error's text, cut to what a person reads. */
function firstLine(text: string | undefined): string {
  return (text ?? '').split('\n', 1)[0]!.slice(0, 300);
}

/** Failed tests of a report, and files that failed outside of their tests. */
function failuresOf(report: VitestReport): string[] {
  return report.testResults.flatMap((file) => {
    const path = relative(process.cwd(), file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return file.status === 'failed' ? [`${path}: ${firstLine(file.message)}`] : [];
    return failed.map((test) => `${path}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  });
}

/** Counts of a vitest run from its JSON report. A run that broke off counts as one failure. */
function vitest(project: string): Count {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-report-'));
  const report = join(directory, 'report.json');
  try {
    const args = [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const { status } = spawnSync('vitest', args, { stdio: 'inherit' });
    const result = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
    // Errors outside of tests (a hook, an unhandled rejection) fail the run without failing a test.
    const failed = status === 0 ? result.numFailedTests : Math.max(1, result.numFailedTests);
    return { passed: result.numPassedTests, failed, failures: failuresOf(result) };
  } catch (error) {
    console.error(`${project}: no report (${error instanceof Error ? error.message : String(error)})`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Patroni's own suite: its scenarios count. All features without names. */
function behave(...features: string[]): Count {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-report-'));
  const report = join(directory, 'report.json');
  try {
    const args = ['test/judges/behave/run.ts', '--report', report, ...features];
    spawnSync(process.execPath, args, { stdio: 'inherit' });
    return JSON.parse(readFileSync(report, 'utf8')) as Count;
  } catch (error) {
    console.error(`behave: no report (${error instanceof Error ? error.message : String(error)})`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A command that counts as one test. */
function command(program: string, ...args: string[]): Count {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const stages: Record<string, () => Count> = {
  check: () => command('make', '--no-print-directory', 'check'),
  unit: () => vitest('unit'),
  machine: () => vitest('machine'),
  conformance: () => vitest('conformance'),
  judges: () => vitest('judges'),
  // Short enough for every run; `make conformance` runs all.
  behave: () => behave('basic_replication', 'dcs_failsafe_mode'),
  e2e: () => vitest('e2e'),
};

/** Run only when named, because they are long. */
const longStages: Record<string, () => Count> = {
  'behave-all': () => behave(),
};

const named = process.argv.slice(2);
const unknown = named.find((name) => stages[name] === undefined && longStages[name] === undefined);
if (unknown !== undefined) {
  console.error(`no stage "${unknown}": there are ${Object.keys({ ...stages, ...longStages }).join(', ')}`);
  process.exit(64);
}
const total: Count = { passed: 0, failed: 0 };
const failures: string[] = [];
const wanted = named.length > 0 ? { ...stages, ...longStages } : stages;
for (const [name, stage] of Object.entries(wanted)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const begin = Date.now();
  console.log(`\n== ${name}`);
  const count = stage();
  total.passed += count.passed;
  total.failed += count.failed;
  if (count.failed > 0) failures.push(...(count.failures ?? []), `${name}: ${count.failed} failed`);
  const seconds = Math.round((Date.now() - begin) / 1000);
  console.log(`== ${name}: ${count.passed} passed, ${count.failed} failed, ${seconds} s`);
}
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
