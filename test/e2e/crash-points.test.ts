import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReport, differences, startCrashInstance } from '../chaos/crash/points.ts';
import { seededCuts } from '../chaos/crash/cuts.ts';
import { runRound, type OperationReport } from '../chaos/crash/round.ts';
import type { LocalCluster } from '../support/local-cluster.ts';

/**
 * The operator killed in the middle of its work, on real pods: five cuts of each operation. All rounds run at once, each
 * with a cluster, a namespace and an operator of its own. `make chaos` has every cut.
 */

const seed = 6;
const rounds = seededCuts(seed, 5).map((cuts, n) => ({ round: `crash-${n + 1}`, cuts }));
const all: OperationReport[] = [];
const tell = (round: string, report: OperationReport): void =>
  console.log(`seed ${seed}: ${describeReport(round, report)}`);

let local: LocalCluster;
beforeAll(async () => {
  local = await startCrashInstance('e2e-crash');
});
afterAll(async () => {
  await local?.remove();
});

// They only wait for each other, and for a machine that may have much else to do.
test.concurrent.each(rounds)('$round: $cuts', { timeout: 1_200_000 }, async ({ round, cuts }) => {
  const reports = await runRound(local, round, cuts, { tell });
  all.push(...reports);
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  expect(reports.filter(({ isCut }) => !isCut).map(({ operation }) => operation)).toEqual([]);
});

test('all rounds end alike', () => {
  expect(all).toHaveLength(rounds.length * 6);
  expect(differences(all)).toEqual([]);
});
