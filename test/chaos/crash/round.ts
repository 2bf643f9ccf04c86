import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namespaces, nodes } from '@pgherd/kube/objects';
import { stringify } from 'yaml';
import { eventually } from '../../support/eventually.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import { Writer } from '../../support/writer.ts';
import { CrashCluster, type State } from './crash-cluster.ts';
import type { Cuts } from './cuts.ts';
import { CutOperator, type OperatorPlace } from './cut-operator.ts';
import { operation, operationNames, type Operation, type OperationName } from './operations.ts';

/** How one operation went. */
export interface OperationReport {
  operation: OperationName;
  /** The operator was killed. */
  isCut: boolean;
  /** What the operator wrote, until it was killed or was done. */
  writes: string[];
  /** Objects of the cluster in the end. */
  objects: string[];
  /** What should not have happened. */
  problems: string[];
}

const waits = { timeoutMs: 300_000, everyMs: 750 };
/** Acknowledged writes after each operation that show that clients are served. */
const enoughWrites = 3;
/** Lines of the operator's log. */
const lastWords = 15;

/** What a round does besides its cuts. */
export interface RoundOptions {
  /** Default: all. Nothing else can be done without the creation. */
  wanted?: readonly OperationName[];
  /** Hears of each operation that has ended. */
  tell?: (round: string, report: OperationReport) => void;
}

/**
 * The life of one cluster in a namespace of its own, with the operator killed once in each operation. Throws when one does
 * not come to its end, with the last words of the operator.
 */
export async function runRound(
  local: LocalCluster,
  namespace: string,
  cuts: Cuts,
  { wanted = operationNames, tell }: RoundOptions = {},
): Promise<OperationReport[]> {
  const cluster = new CrashCluster(local.client, namespace);
  const place = await prepare(local, cluster);
  const reports: OperationReport[] = [];
  let operator = await CutOperator.start(place);
  let writer: Writer | undefined;
  try {
    for (const name of operationNames.filter((each) => wanted.includes(each))) {
      const isLast = name === 'deletion';
      const lost = isLast ? await writer?.stopAndFindLost() : undefined;
      // What makes the cluster ready for it is not counted.
      operator.point.arm(Infinity);
      const work = await operation(name, cluster);
      const before = await cluster.state();
      operator.point.arm(cuts[name] ?? Infinity);
      await work.begin();
      const { isCut, writes } = await watch(operator, work, `${namespace}: ${name}`);
      if (isCut) {
        await operator.ended;
        operator = await CutOperator.start(place);
        const what = `${namespace}: ${name}, killed after ${writes.length} writes, the last ${writes.at(-1)}`;
        await eventually(what, work.isDone, waits);
      }
      await work.after?.();
      const after = await cluster.state();
      const problems = isLast ? [] : problemsOf(work, name, before, after);
      if (lost !== undefined && lost.lost.length > 0)
        problems.push(`acknowledged and not there: ${lost.lost.join(', ')}`);
      const report = { operation: name, isCut, writes, objects: after.objects, problems };
      reports.push(report);
      tell?.(namespace, report);
      if (name === 'creation') {
        writer = new Writer(await cluster.address('zalando', 'pooler'), 50);
        await begin(writer);
      }
      if (!isLast && writer !== undefined) await writesOn(writer, `${namespace}: after ${name}`);
    }
  } catch (error) {
    const lines = readFileSync(place.log, 'utf8').trimEnd().split('\n').slice(-lastWords);
    throw new Error(`${(error as Error).message}; the operator's log ends:\n${lines.join('\n')}`, {
      cause: error,
    });
  } finally {
    await operator.kill();
    await writer?.stop();
    await cluster.stop();
  }
  return reports;
}

/** A namespace, fit nodes, and what the operator is started with. */
async function prepare(local: LocalCluster, cluster: CrashCluster): Promise<OperatorPlace> {
  const { namespace, client } = cluster;
  await client.create(namespaces, { metadata: { name: namespace } });
  for (const { metadata } of (await client.list(nodes)).items)
    await cluster.setFit(metadata.name ?? '', true);
  const directory = join(local.home, 'crash-points');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const configuration = join(directory, `${namespace}.yaml`);
  const keys = {
    enable_persistent_volume_claim_deletion: 'true',
    enable_pod_antiaffinity: 'true',
    node_readiness_label: `${cluster.fitness}:yes`,
  };
  writeFileSync(configuration, stringify(keys));
  const kubeconfig = join(local.home, 'operator.kubeconfig');
  return { kubeconfig, namespace, configuration, log: join(directory, `${namespace}.log`) };
}

/** Until the operator is killed, or done. */
async function watch(
  operator: CutOperator,
  work: Operation,
  what: string,
): Promise<{ isCut: boolean; writes: string[] }> {
  const done = eventually(what, work.isDone, waits);
  done.catch(() => undefined);
  await Promise.race([done, operator.point.died, operator.ended]);
  const { isCut, writes } = operator.point;
  if (!isCut && operator.hasEnded) throw new Error(`${what}: the operator ended by itself`);
  return { isCut, writes: [...writes] };
}

/** What happened between two moments that should not have. */
function problemsOf(work: Operation, name: OperationName, before: State, after: State): string[] {
  const problems: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) problems.push(what);
  };
  for (const [pod, ids] of after.pods) {
    const known = before.pods.get(pod)?.length ?? 0;
    const wanted = known === 0 ? 1 : work.replaced;
    must(ids.length - known === wanted, `${pod} was made ${ids.length - known} times, and not ${wanted}`);
  }
  must(after.restarts === 0, `${after.restarts} containers were started again`);
  if (name === 'creation') return problems;
  const moves = after.timeline - before.timeline;
  must(moves === work.moves, `the primary moved ${moves} times, and not ${work.moves}`);
  const volumes = `volumes ${before.volumes.join(', ')} became ${after.volumes.join(', ')}`;
  must(after.volumes.join() === before.volumes.join(), volumes);
  // Who hands the role over is started again as a replica.
  const restarted = [...after.starts].flatMap(([uid, starts]) =>
    starts.slice(Math.max(1, before.starts.get(uid)?.length ?? 0)),
  );
  must(restarted.length <= work.moves, `PostgreSQL was restarted at ${restarted.join(', ')}`);
  return problems;
}

/** The pooler knows a new cluster's users as soon as the operator has made them; it may be a moment late. */
async function begin(writer: Writer): Promise<void> {
  await eventually(
    'the writer begins',
    async () => {
      await writer.start();
      return true;
    },
    waits,
  );
}

async function writesOn(writer: Writer, what: string): Promise<void> {
  const before = writer.count;
  await eventually(`${what}, clients write`, () => writer.count >= before + enoughWrites, waits);
}
