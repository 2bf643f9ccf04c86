import { nodes } from '@pgherd/kube/objects';
import { LocalCluster } from '../../support/local-cluster.ts';
import type { Cuts } from './cuts.ts';
import { operationNames, type OperationName } from './operations.ts';
import { runRound, type OperationReport } from './round.ts';

/** An instance for rounds. Its two nodes are cordoned, so that each cluster has its own word on whether one is drained. */
export async function startCrashInstance(suite: string): Promise<LocalCluster> {
  const local = await LocalCluster.start(suite, {}, { nodes: 2 });
  // Each round has its own operator.
  await local.killOperator();
  for (const { metadata } of (await local.client.list(nodes)).items) {
    const name = metadata.name ?? '';
    await local.client.patch(nodes, { name }, { type: 'merge', body: { spec: { unschedulable: true } } });
  }
  return local;
}

/** One line for people. */
export function describeReport(
  round: string,
  { operation, isCut, writes, problems }: OperationReport,
): string {
  const cut = isCut
    ? `killed after ${writes.length}, the last ${writes.at(-1)}`
    : `${writes.length} writes, not killed`;
  return `${problems.length > 0 ? 'BAD' : 'ok '} ${round}: ${operation}: ${[cut, ...problems].join('; ')}`;
}

/** What is not the same in the end although it should be, of any number of rounds. */
export function differences(reports: readonly OperationReport[]): string[] {
  const found: string[] = [];
  for (const name of operationNames) {
    const [first, ...others] = reports.filter(({ operation }) => operation === name);
    for (const other of others) {
      const unlike = first?.objects.toString() !== other.objects.toString();
      if (unlike)
        found.push(`${name} ended with ${first?.objects.join(', ')}, and with ${other.objects.join(', ')}`);
    }
  }
  return found;
}

/**
 * Every crash point of these operations: rounds with the operator killed after the first write of each, after the second …
 * until there is none left that it could be killed after. Some rounds run side by side. `tell` gets each report as it comes.
 */
export async function everyCrashPoint(
  local: LocalCluster,
  wanted: readonly OperationName[],
  atOnce: number,
  tell: (round: string, report: OperationReport) => void,
): Promise<void> {
  // Without a creation there is nothing to do the others with.
  let left = wanted;
  for (let next = 1; left.length > 0; next += atOnce) {
    const cut = left;
    const places = Array.from({ length: atOnce }, (_, n) => next + n);
    const rounds = await Promise.all(
      places.map((last) => {
        const cuts: Cuts = Object.fromEntries(cut.map((name) => [name, last]));
        return runRound(local, `crash-${last}`, cuts, { wanted: ['creation', ...cut, 'deletion'], tell });
      }),
    );
    const lived = new Set(rounds.flat().flatMap(({ operation, isCut }) => (isCut ? [] : [operation])));
    left = left.filter((name) => !lived.has(name));
  }
}
