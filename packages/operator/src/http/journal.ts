import { Ring } from './ring.ts';

/** One line of the log, as it is remembered. */
export interface LogLine {
  time: Date;
  /** logrus' words, which people search for: `debug`, `info`, `warning`, `error`. */
  level: string;
  message: string;
  /** `namespace/name`; undefined for what is about no cluster. */
  cluster: string | undefined;
  worker: number | undefined;
}

/** What one pass changed in a cluster. */
export interface Change {
  startedAt: Date;
  finishedAt: Date;
  /** A line for each step, with its reasons. */
  lines: string[];
}

/** How much is remembered; asked for at each line, so that a changed configuration counts at once. */
export interface JournalLimits {
  /** Lines for each cluster and each worker. */
  lines: number;
  /** Changes for each cluster. */
  changes: number;
}

/** Longest remembered line. */
const longestLine = 2_000;

/** What happened lately, by cluster and by worker. It lives as long as the process. */
export class Journal {
  readonly #limits: () => JournalLimits;
  readonly #ofClusters = new Map<string, Ring<LogLine>>();
  readonly #ofWorkers = new Map<number, Ring<LogLine>>();
  readonly #changes = new Map<string, Ring<Change>>();

  constructor(limits: () => JournalLimits) {
    this.#limits = limits;
  }

  write(line: LogLine): void {
    const { lines } = this.#limits();
    const short = { ...line, message: line.message.slice(0, longestLine) };
    if (line.cluster !== undefined) ringOf(this.#ofClusters, line.cluster).add(short, lines);
    if (line.worker !== undefined) ringOf(this.#ofWorkers, line.worker).add(short, lines);
  }

  /** Remembers what a pass changed. */
  changed(cluster: string, change: Change): void {
    ringOf(this.#changes, cluster).add(change, this.#limits().changes);
  }

  linesOfCluster(cluster: string): readonly LogLine[] {
    return this.#ofClusters.get(cluster)?.list() ?? [];
  }

  linesOfWorker(worker: number): readonly LogLine[] {
    return this.#ofWorkers.get(worker)?.list() ?? [];
  }

  changesOf(cluster: string): readonly Change[] {
    return this.#changes.get(cluster)?.list() ?? [];
  }

  /** The cluster is gone; what workers said of it stays until it is overwritten. */
  forget(cluster: string): void {
    this.#ofClusters.delete(cluster);
    this.#changes.delete(cluster);
  }
}

function ringOf<K, T>(rings: Map<K, Ring<T>>, key: K): Ring<T> {
  const found = rings.get(key) ?? new Ring<T>();
  rings.set(key, found);
  return found;
}
