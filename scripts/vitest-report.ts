import { relative } from 'node:path';

/** How many tests passed and failed. */
export interface Count {
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

/** Counts of a run that wrote this JSON and ended with this exit code. */
export function countOf(json: string, exitCode: number): Count {
  const report = JSON.parse(json) as VitestReport;
  // Errors outside of tests (a hook, an unhandled rejection) fail the run without failing a test.
  const failed = exitCode === 0 ? report.numFailedTests : Math.max(1, report.numFailedTests);
  return { passed: report.numPassedTests, failed, failures: failuresOf(report) };
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
