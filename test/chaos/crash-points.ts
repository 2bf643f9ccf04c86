/**
 * Part of `make chaos`: the operator killed after each of its writes, for every number of writes of each operation, on real
 * pods. Prints each, and exits with 1 when something happened that must not.
 *
 *   node test/chaos/crash-points.ts
 *   node test/chaos/crash-points.ts --operations update,switchover
 */
import { parseArgs } from 'node:util';
import { operationNames } from './crash/operations.ts';
import { describeReport, differences, everyCrashPoint, startCrashInstance } from './crash/points.ts';
import type { OperationReport } from './crash/round.ts';

const { values } = parseArgs({ options: { operations: { type: 'string' } } });

const names = values.operations?.split(',') ?? [...operationNames];
const wanted = operationNames.filter((name) => names.includes(name));
if (wanted.length < names.length)
  throw new Error(`--operations ${values.operations}: there are ${operationNames.join(', ')}`);

/** Clusters side by side; more only make each other wait. */
const atOnce = 4;

const local = await startCrashInstance('crash-points');
const reports: OperationReport[] = [];
const bad: string[] = [];
try {
  await everyCrashPoint(local, wanted, atOnce, (round, report) => {
    reports.push(report);
    bad.push(...report.problems);
    console.log(describeReport(round, report));
  });
  bad.push(...differences(reports));
} catch (error) {
  bad.push(error instanceof Error ? error.message : String(error));
} finally {
  await local.remove();
}
for (const line of bad) console.log(`BAD ${line}`);
console.log(`${reports.filter(({ isCut }) => isCut).length} crash points, ${bad.length} problems`);
process.exitCode = bad.length > 0 ? 1 : 0;
