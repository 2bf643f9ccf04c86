import { Herd } from './herd.ts';
import { summarise, type Summary } from '../statistics.ts';
import { total } from './operator-metrics.ts';
import type { Stretch } from './stretch.ts';

/** How much is measured. */
export interface MeasureOptions {
  clusters: number;
  /** Seconds that nothing happens but heartbeats. */
  quietSeconds: number;
  /** How often a full pass is measured. */
  fullPasses: number;
  /** Manifests that are changed, one after the other. */
  changes: number;
  /** How many of them in a second. */
  changesPerSecond: number;
  /** Seconds between two heartbeats of a cluster: `loop_wait`. */
  loopWaitSeconds: number;
  /** Told what is being done. */
  say: (message: string) => void;
}

/** All figures of one run. */
export interface Figures {
  creation: Stretch;
  /** Seconds of each cluster from its manifest to `Running`. */
  createdAfter: Summary;
  quiet: Stretch;
  fullPasses: Stretch[];
  changes: Stretch;
  /** Seconds from a change of a manifest to the first write. */
  firstWrite: Summary;
}

/** Time for one cluster, generously: other work goes on beside it. */
const secondsPerCluster = 1;

/** Sets the herd up, measures it, and takes it down. */
export async function measureHerd(options: MeasureOptions): Promise<Figures> {
  const { clusters, say } = options;
  const herd = await Herd.create(options.loopWaitSeconds);
  try {
    say(`creating ${clusters} clusters`);
    let seconds: number[] = [];
    const creation = await herd.cost(async () => {
      seconds = await herd.createClusters(clusters, 60 + clusters * secondsPerCluster);
    });
    say(`all Running after ${creation.seconds.toFixed(1)} s, ${total(creation.requests)} requests`);
    const settleSeconds = Math.min(12, options.quietSeconds);
    await herd.settle(settleSeconds);

    say(`${options.quietSeconds} quiet seconds`);
    const quiet = await herd.cost(() => pause(options.quietSeconds));

    const fullPasses: Stretch[] = [];
    for (let index = 0; index < options.fullPasses; index += 1) {
      say(`full pass ${index + 1}`);
      fullPasses.push(await herd.cost(() => herd.fullPass(String(index))));
      await herd.settle(1);
    }

    say(`${options.changes} changes of manifests`);
    const names = spread(herd.names, options.changes);
    let delays: number[] = [];
    const changes = await herd.cost(async () => {
      delays = await herd.changeManifests(names, options.changesPerSecond);
    });
    return {
      creation,
      createdAfter: summarise(seconds),
      quiet,
      fullPasses,
      changes,
      firstWrite: summarise(delays),
    };
  } finally {
    await herd.remove();
  }
}

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** So many of them, evenly from all over. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from(
    { length: Math.min(count, items.length) },
    (_, index) => items[Math.floor(index * step)] as T,
  );
}
