import { loadavg } from 'node:os';
import type { Pod } from '@pgherd/kube/objects';
import { DeadlineError, eventually } from '../../test/support/eventually.ts';
import type { Cluster } from './cluster.ts';
import { GapWriter } from './gap-writer.ts';
import { phasesOf, type Phases } from './phases.ts';
import type { Outcome } from './sample.ts';
import type { Scene } from './scene.ts';

/** Writes that come before the fault, so that it meets a client at work. */
const writesBefore = 25;
/** Writes that come after it: then it is over. */
const writesAfter = 25;
/** Longer than anything that was ever measured. */
const overLimitMs = 180_000;
/** Patroni's default, and the longest pause before a fault that is to come at any moment. */
const loopMs = 10_000;

/** The name that the operator gives the label of the role, unless it is configured. */
const roleLabel = 'spilo-role';

/** What was measured, and under which load. */
export interface Measured {
  outcome: Outcome;
  at: string;
  load: number;
  beside: number;
}

/** Told right before the fault; answers how many others are not at rest. */
export type AtFault = () => number;

/** One writer writes every 20 ms; how long nobody acknowledges it. */
export async function measureGap(cluster: Cluster, scene: Scene, atFault: AtFault): Promise<Measured> {
  const isPooled = scene.client === 'pooler';
  const patience = { limitMs: isPooled ? 30_000 : 1000, everyMs: 20 };
  const writer = new GapWriter(await cluster.address(isPooled ? 'pooler' : 'direct'), patience);
  await writer.start();
  try {
    await eventually('the writer writes', () => writer.count >= writesBefore);
    if (scene.anyMoment === true) await rest(Math.random() * loopMs);
    return await underWriter(cluster, scene, writer, atFault);
  } finally {
    await writer.stop();
  }
}

async function underWriter(
  cluster: Cluster,
  scene: Scene,
  writer: GapWriter,
  atFault: AtFault,
): Promise<Measured> {
  const before = await cluster.primary();
  const lockAgeMs = await lockAge(cluster);
  const [load = 0] = loadavg();
  const beside = atFault();
  writer.beginToMeasure();
  const calledAt = Date.now();
  const faultAt = (await scene.act(cluster)) ?? calledAt;
  const isOver = await eventually(
    'another server is written to',
    () => writer.onAnotherServer >= writesAfter,
    { timeoutMs: overLimitMs, everyMs: 20 },
  ).catch((error: unknown) => {
    if (error instanceof DeadlineError) return false;
    throw error;
  });
  const at = new Date(faultAt).toISOString();
  const pauseMs = writer.pauseMs;
  if (!isOver) {
    await scene.heal?.(cluster);
    const gap = await writer.finish();
    const gapMs = Math.round(Math.max(gap.gapMs, pauseMs));
    return { outcome: { ...gap, gapMs, inPlace: false, lockAgeMs, unfinished: true }, at, load, beside };
  }
  const gap = await writer.finish();
  const after = await cluster.primary();
  const writtenAt = writer.firstOnAnotherServer ?? Date.now();
  const phases = await phasesSince(cluster, { before, after, faultAt, writtenAt });
  const inPlace = before.metadata?.uid === after.metadata?.uid;
  return { outcome: { ...gap, inPlace, lockAgeMs, phases }, at, load, beside };
}

/** How long ago the leader renewed its lock, by Patroni's own note. */
async function lockAge(cluster: Cluster): Promise<number> {
  return Date.now() - Date.parse((await cluster.lock())['renewTime'] ?? '');
}

async function phasesSince(
  cluster: Cluster,
  { before, after, faultAt, writtenAt }: { before: Pod; after: Pod; faultAt: number; writtenAt: number },
): Promise<Phases> {
  const { stage, name } = cluster;
  const nameOf = ({ metadata }: Pod): string => metadata?.name ?? '';
  const container = before.status?.containerStatuses?.find((each) => each.name === 'postgres')?.containerID;
  const log = await stage.local
    .kubectl('exec', nameOf(after), '-c', 'postgres', '--', 'sh', '-c', readLog)
    .catch(() => '');
  return phasesOf({
    cluster: name,
    faultAt,
    writtenAt,
    before: nameOf(before),
    after: nameOf(after),
    address: after.status?.podIP ?? '',
    container: container ?? '',
    roleLabel,
    seen: stage.observer.since(faultAt, name),
    log: log.split('\n'),
  });
}

/** The end of PostgreSQL's log: a few hundred logins of the client are in it too. */
const readLog =
  'tail -q -n 3000 /home/postgres/pgdata/pgroot/pg_log/*.csv | grep -E "promote request|recovery complete|ready to accept"';

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
