import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { afterSecondRun, countOf } from './vitest-report.ts';

const report = (failed: string[], passed: number): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed.length,
    testResults: [
      {
        name: resolve('test/e2e/a.test.ts'),
        status: failed.length > 0 ? 'failed' : 'passed',
        message: '',
        assertionResults: failed.map((fullName) => ({
          fullName,
          status: 'failed',
          failureMessages: ['Error: no\nat x'],
        })),
      },
    ],
  });

test('tests and files that failed are named', () => {
  expect(countOf(report(['one'], 4), 1)).toEqual({
    passed: 4,
    failed: 1,
    failures: ['test/e2e/a.test.ts: one: Error: no'],
    failedFiles: ['test/e2e/a.test.ts'],
  });
});

test('a run that breaks off outside of its tests has failed', () => {
  expect(countOf(report([], 4), 1).failed).toBe(1);
});

test('what passes when it is run again is flaky, and named', () => {
  const first = countOf(report(['one', 'two'], 4), 1);
  expect(afterSecondRun(first, countOf(report([], 6), 0))).toEqual({
    passed: 6,
    failed: 0,
    flaky: ['test/e2e/a.test.ts: one: Error: no', 'test/e2e/a.test.ts: two: Error: no'],
  });
  expect(afterSecondRun(first, countOf(report(['two'], 5), 1))).toMatchObject({
    passed: 5,
    failed: 1,
    failures: ['test/e2e/a.test.ts: two: Error: no'],
    flaky: ['test/e2e/a.test.ts: one: Error: no'],
  });
});

test('what fails again in another way stays failed', () => {
  const first = countOf(report(['one'], 4), 1);
  expect(afterSecondRun(first, countOf(report(['one', 'two'], 3), 1))).toMatchObject({ failed: 2 });
  expect(afterSecondRun(first, { passed: 0, failed: 1 })).toMatchObject({ passed: 4, failed: 1 });
});
