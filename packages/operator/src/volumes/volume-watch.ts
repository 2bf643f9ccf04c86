import type { Configuration, Postgresql } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import type { Clock, KubeObject, Logger, Pod } from '@pgherd/kube/objects';
import { memberOf } from '../observe/member.ts';
import { autoGrowOf } from './auto-grow.ts';
import { endWritersCommand, restOf } from './brake.ts';
import { forecast, type Forecast } from './forecast.ts';
import { UsageHistory } from './history.ts';
import type { Observed } from '../observe/observed.ts';
import { parseUsage, usageCommand, type Usage } from './usage.ts';

/** What is watched, and who is told. */
export interface VolumeWatchOptions {
  client: Pick<Client, 'exec'>;
  /** The clusters that are looked after. */
  manifests: () => Postgresql[];
  configuration: () => Configuration;
  manifest: (namespace: string, name: string) => Postgresql | undefined;
  /** Pods of a cluster. */
  podsOf: (namespace: string, cluster: string) => KubeObject[];
  /** Whether writes to a cluster are stopped at the moment. */
  isBraked: (namespace: string, cluster: string) => boolean;
  /** Has the cluster (`namespace/name`) looked at: something of its volumes is to be acted on, or no longer. */
  enqueue: (cluster: string) => void;
  clock: Clock;
  log: Logger;
}

/** A volume that is far from full and fills slowly is looked at this often; one about to be full more and more often. */
const restingMs = 300_000;
const soonestMs = 1_000;
/** A volume that grows at this rate, bytes a second, is expected although nothing was written before. */
const burst = 20 * 1024 ** 2;
/** The status tells of every volume at least this often, if it has changed. */
const tellMs = 3_600_000;
const timeoutMs = 10_000;
/** After a failure (a pod that does not answer, a right that is missing), doubled with each further one. */
const retryMs = 10_000;
const atOnce = 8;
const tickMs = 1_000;

/** What is known of one pod's volume. */
interface Watched {
  cluster: string;
  history: UsageHistory;
  forecast: Forecast | undefined;
  nextAt: number;
  /** When its cluster was last looked at because of it. */
  toldAt: number;
  uid: string;
  everyMs: number;
  isLooking: boolean;
  /** Looks in a row that failed. */
  failures: number;
}

function newlyWatched(cluster: string, uid: string, now: number): Watched {
  const history = new UsageHistory();
  return {
    cluster,
    history,
    forecast: undefined,
    nextAt: now,
    toldAt: -Infinity,
    uid,
    everyMs: restingMs,
    isLooking: false,
    failures: 0,
  };
}

/**
 * Looks from within each member's pod how full its data volume is: works without PostgreSQL and on any storage. What was
 * seen is kept in memory only; after a restart it begins anew.
 */
export class VolumeWatch {
  readonly #options: VolumeWatchOptions;
  readonly #pods = new Map<string, Watched>();
  readonly #looks = new Set<Promise<void>>();

  readonly #since: number;

  constructor(options: VolumeWatchOptions) {
    this.#options = options;
    this.#since = options.clock.now();
  }

  /** What was seen last of every pod of a cluster, by its name, what is to be expected, and since when it is looked. */
  usageOf(
    namespace: string,
    cluster: string,
  ): Required<Pick<Observed, 'usage' | 'forecasts' | 'usageSince'>> {
    const usage = new Map<string, Usage>();
    const forecasts = new Map<string, Forecast>();
    for (const [key, { cluster: each, history, forecast: expected }] of this.#pods) {
      if (each !== `${namespace}/${cluster}`) continue;
      const pod = key.slice(namespace.length + 1);
      if (history.last !== undefined) usage.set(pod, history.last);
      if (expected !== undefined) forecasts.set(pod, expected);
    }
    return { usage, forecasts, usageSince: this.#since };
  }

  /** All that is known, for the metrics. */
  list(): {
    namespace: string;
    cluster: string;
    pod: string;
    usage: Usage;
    forecast: Forecast | undefined;
  }[] {
    return [...this.#pods].flatMap(([key, { cluster, history, forecast: expected }]) => {
      const [namespace = '', pod = ''] = key.split('/');
      const { last: usage } = history;
      const name = cluster.slice(namespace.length + 1);
      return usage === undefined ? [] : [{ namespace, cluster: name, pod, usage, forecast: expected }];
    });
  }

  /** Looks until the signal aborts; what is being looked at then is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#take(this.#options.clock.now());
      this.#startDue(signal);
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.after(tickMs, resolve);
        signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
      });
    }
    await Promise.all(this.#looks);
  }

  /** Pods that are new are taken in, and those of clusters that are gone are forgotten. */
  #take(now: number): void {
    const clusters = new Set<string>();
    for (const manifest of this.#options.manifests()) {
      const { namespace = '', name } = manifest.metadata;
      const cluster = `${namespace}/${name}`;
      clusters.add(cluster);
      for (const pod of this.#options.podsOf(namespace, name)) {
        const key = `${namespace}/${pod.metadata.name ?? ''}`;
        const uid = pod.metadata.uid ?? '';
        const known = this.#pods.get(key);
        // A pod that comes back with the same volume is the same to us, but looked at soon.
        if (known?.uid === uid) continue;
        if (known === undefined) this.#pods.set(key, newlyWatched(cluster, uid, now));
        else Object.assign(known, { uid, nextAt: now });
      }
    }
    for (const [key, { cluster }] of this.#pods) if (!clusters.has(cluster)) this.#pods.delete(key);
  }

  /** Starts as many looks as there may be at once, those that are looked at most often first. */
  #startDue(signal: AbortSignal): void {
    const { clock } = this.#options;
    const now = clock.now();
    const due = [...this.#pods]
      .filter(([, { nextAt, isLooking }]) => nextAt <= now && !isLooking)
      .sort(([, a], [, b]) => a.everyMs - b.everyMs);
    for (const [key, watched] of due) {
      if (this.#looks.size >= atOnce || signal.aborted) return;
      const look = this.#look(key, watched, signal).finally(() => {
        watched.isLooking = false;
        this.#looks.delete(look);
        if (!signal.aborted) this.#startDue(signal);
      });
      watched.isLooking = true;
      this.#looks.add(look);
    }
  }

  async #look(key: string, watched: Watched, signal: AbortSignal): Promise<void> {
    const { client, clock, log, enqueue, isBraked } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const cluster = watched.cluster.slice(namespace.length + 1);
    watched.everyMs = restingMs;
    watched.nextAt = clock.now() + soonestMs;
    const pod = this.#options.podsOf(namespace, cluster).find(({ metadata }) => metadata.name === name);
    const manifest = this.#options.manifest(namespace, cluster);
    // One that is not there, or does not run, is asked for again with the next turn; that costs nothing.
    if (pod === undefined || manifest === undefined || memberOf(cluster, pod as Pod)?.running !== true)
      return;
    try {
      const { stdout } = await client.exec(
        { namespace, name },
        {
          container: 'postgres',
          command: usageCommand,
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        },
      );
      const usage = parseUsage(stdout, clock.now());
      if (usage === undefined) throw new Error(`df answered: ${stdout.slice(0, 200)}`);
      watched.failures = 0;
      const before = watched.history.last;
      watched.history.add(usage);
      watched.forecast = forecast(watched.history.samples);
      const rest = restOf(usage, this.#options.configuration());
      watched.everyMs = delayMs(watched.history, usage, rest);
      watched.nextAt = clock.now() + watched.everyMs;
      if (isToldOf(manifest, before, usage, rest) || usage.at - watched.toldAt >= tellMs) {
        watched.toldAt = usage.at;
        enqueue(watched.cluster);
      }
      if (usage.free < rest) await this.#endWriters(namespace, name, watched, signal);
    } catch (err) {
      if (signal.aborted) return;
      watched.nextAt = clock.now() + Math.min(restingMs, retryMs * 2 ** watched.failures);
      watched.failures += 1;
      // What is not known for long keeps no writes stopped.
      if (isBraked(namespace, cluster)) enqueue(watched.cluster);
      log.debug({ err, pod: key }, 'how full the volume is could not be seen');
    }
  }

  /** What had begun to write before writes were stopped goes on until it is ended. */
  async #endWriters(
    namespace: string,
    name: string,
    { cluster }: Watched,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, configuration, isBraked, log } = this.#options;
    if (!isBraked(namespace, cluster.slice(namespace.length + 1))) return;
    const { exitCode, stderr } = await client.exec(
      { namespace, name },
      {
        container: 'postgres',
        command: endWritersCommand(configuration().super_username),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      },
    );
    if (exitCode !== 0) log.debug({ pod: name, stderr }, 'writers could not be ended');
  }
}

/** The nearer it is to being full, the sooner again: at a quarter of the time that is left at the rate it fills, or could. */
function delayMs(history: UsageHistory, usage: Usage, rest: number): number {
  const left = usage.free - rest;
  const rate = Math.max(history.rate, burst);
  return Math.min(restingMs, Math.max(soonestMs, (left / rate / 4) * 1000));
}

/** Whether there is, or was, something to act on. A pass that finds nothing to do makes no request. */
function isToldOf(manifest: Postgresql, before: Usage | undefined, usage: Usage, rest: number): boolean {
  const auto = autoGrowOf(manifest);
  const isLow = (each: Usage) => auto?.isLow(each) === true || each.free < 2 * rest;
  return isLow(usage) || (before !== undefined && isLow(before));
}
