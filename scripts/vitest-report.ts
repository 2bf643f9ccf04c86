import { relative } from 'node:path';

/** How many tests passed and failed. */
export interface Count {
  passed: number;
  failed: number;
  /** What failed, a line each: named again at the end, where a log that is cut to its tail still shows it. */
  failures?: string[];
  /** Files with a failure, relative to the project; they can be run again. */
  failedFiles?: string[];
  /** What failed at first and passed when it was run again, a line each. */
  flaky?: string[];
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

/** Counts of a run that wrote this JSON and ended with this exit code. */
export function countOf(json: string, exitCode: number): Count {
  const report = JSON.parse(json) as VitestReport;
  // Errors outside of tests (a hook, an unhandled rejection) fail the run without failing a test.
  const failed = exitCode === 0 ? report.numFailedTests : Math.max(1, report.numFailedTests);
  const failedFiles = report.testResults.flatMap((file) =>
    file.status === 'failed' ? [relative(process.cwd(), file.name)] : [],
  );
  return { passed: report.numPassedTests, failed, failures: failuresOf(report), failedFiles };
}

/**
 * The count of a stage whose failed files were run a second time. What passes then counts as passed, and as flaky. Where the
 * failure was outside of every file nothing is made good.
 */
export function afterSecondRun(first: Count, second: Count): Count {
  const { failures = [] } = first;
  const passed = first.passed + Math.max(0, first.failed - second.failed);
  if (second.failed === 0) return { passed, failed: 0, flaky: failures };
  const still = new Set((second.failures ?? []).map(nameOf));
  return {
    passed,
    failed: second.failed,
    failures: second.failures ?? [],
    flaky: failures.filter((line) => !still.has(nameOf(line))),
  };
}

/** File and test of a line, without the error, which differs from run to run. */
function nameOf(line: string): string {
  return line.split(': ').slice(0, 2).join(': ');
}

/** Failed tests, and files that failed outside of their tests. */
function failuresOf(report: VitestReport): string[] {
  return report.testResults.flatMap((file) => {
    const path = relative(process.cwd(), file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return file.status === 'failed' ? [`${path}: ${firstLine(file.message)}`] : [];
    return failed.map((test) => `${path}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  });
}

/** The first line of an error's text, cut to what a person reads. */
function firstLine(text: string | undefined): string {
  return (text ?? '').split('\n', 1)[0]!.slice(0, 300);
}
