import { isDeepStrictEqual } from 'node:util';
import type { Clock, Logger } from '@pgherd/kube/objects';
import { AmazonError } from '../amazon/amazon-error.ts';
import type { Ec2 } from '../amazon/ec2.ts';
import { isChanging, type Disk, type DiskChange } from './disk.ts';
import { isSameChange, type DiskFailure, type DiskRefusal, type DiskSight } from './disk-sight.ts';

/** Who is asked, and who is told. */
export interface DiskWatchOptions {
  /** Amazon's API as it is configured now. */
  ec2: () => Ec2;
  /** Whether there is such a cluster (`namespace/name`) still. */
  isThere: (cluster: string) => boolean;
  /** Has a cluster looked at: its disks are other ones than before. */
  enqueue: (cluster: string) => void;
  clock: Clock;
  log: Logger;
}

const tickMs = 500;
/** Somebody else may change a disk. */
const restingMs = 600_000;
/** A change comes into force within seconds, mostly; then the disk optimizes for hours. */
const modifyingMs = 2_000;
const optimizingMs = 60_000;
/** After a question that failed, doubled with each further one. */
const retryMs = 10_000;
const longestRetryMs = 300_000;
/** After a change that was refused: it is for people to do something about that. */
const refusedMs = 60_000;
const longestRefusedMs = 900_000;
/** Of a disk that was changed a short time ago Amazon does not say when it can be changed again. */
const coolingMs = 900_000;

/** What is known of one disk. */
interface Watched {
  /** Undefined: it was not asked for yet. */
  answer: { disk: Disk | undefined } | undefined;
  nextAt: number;
}

/**
 * What Amazon says of the disks that passes ask for: all that are due in one request, and kept in memory. Passes never
 * wait for Amazon.
 */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  /** Ids by cluster. */
  readonly #clusters = new Map<string, readonly string[]>();
  readonly #disks = new Map<string, Watched>();
  readonly #refusals = new Map<string, DiskRefusal & { tries: number }>();
  #failure: (DiskFailure & { tries: number; until: number }) | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** What is known of these disks of a cluster; they are watched from now on, and others of it no longer. */
  of(cluster: string, ids: readonly string[]): DiskSight {
    const now = this.#options.clock.now();
    if (ids.length === 0) this.#clusters.delete(cluster);
    else this.#clusters.set(cluster, ids);
    const disks = new Map<string, Disk | undefined>();
    const refusals = new Map<string, DiskRefusal>();
    for (const id of ids) {
      const watched = this.#disks.get(id);
      if (watched === undefined) this.#disks.set(id, { answer: undefined, nextAt: now });
      else if (watched.answer !== undefined) disks.set(id, watched.answer.disk);
      const refusal = this.#refusals.get(id);
      if (refusal !== undefined) refusals.set(id, refusal);
    }
    const failure = ids.length === 0 ? undefined : this.#failure;
    return { asked: ids, disks, refusals, ...(failure === undefined ? {} : { failure }) };
  }

  /** Begins a change of a disk. What Amazon refuses is remembered, and thrown. */
  async modify(id: string, change: DiskChange): Promise<void> {
    const { ec2, clock } = this.#options;
    try {
      const modification = await ec2().modify(id, change);
      this.#refusals.delete(id);
      const watched = this.#disks.get(id);
      if (watched?.answer?.disk === undefined) return;
      watched.answer = { disk: { ...watched.answer.disk, modification } };
      watched.nextAt = clock.now() + modifyingMs;
    } catch (error) {
      if (error instanceof AmazonError) this.#refused(id, change, error);
      throw error;
    }
  }

  /** Asks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#askDue(signal);
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.after(tickMs, resolve);
        signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
      });
    }
  }

  async #askDue(signal: AbortSignal): Promise<void> {
    const { ec2, clock, enqueue, log } = this.#options;
    this.#forget();
    const now = clock.now();
    const due = [...this.#disks].filter(([, { nextAt }]) => nextAt <= now).map(([id]) => id);
    if (due.length === 0 || now < (this.#failure?.until ?? 0)) return;
    try {
      const found = new Map((await ec2().disks(due)).map((disk) => [disk.id, disk]));
      const isBack = this.#failure !== undefined;
      this.#failure = undefined;
      const changed = due.filter((id) => this.#answered(id, found.get(id)));
      for (const cluster of isBack ? this.#clusters.keys() : this.#clustersOf(changed)) enqueue(cluster);
    } catch (error) {
      if (signal.aborted) return;
      const kind = error instanceof AmazonError ? error.kind : 'unreachable';
      const message = error instanceof Error ? error.message : String(error);
      const before = this.#failure;
      const tries = (before?.tries ?? 0) + 1;
      const until = clock.now() + Math.min(longestRetryMs, retryMs * 2 ** (tries - 1));
      this.#failure = { kind, message, tries, until };
      if (before?.kind === kind && before.message === message) return;
      log.warn({ err: error }, 'Amazon cannot be asked for disks');
      for (const cluster of this.#clusters.keys()) enqueue(cluster);
    }
  }

  /** Takes in an answer; says whether it is another one than before. */
  #answered(id: string, disk: Disk | undefined): boolean {
    const watched = this.#disks.get(id);
    if (watched === undefined) return false;
    const before = watched.answer;
    watched.answer = { disk };
    watched.nextAt = this.#options.clock.now() + delayOf(disk);
    return before === undefined || !isDeepStrictEqual(before.disk, disk);
  }

  #refused(id: string, change: DiskChange, { kind, message }: AmazonError): void {
    const before = this.#refusals.get(id);
    const tries = before !== undefined && isSameChange(before.change, change) ? before.tries + 1 : 1;
    const delayMs = kind === 'cooling' ? coolingMs : Math.min(longestRefusedMs, refusedMs * 2 ** (tries - 1));
    const now = this.#options.clock.now();
    this.#refusals.set(id, { kind, message, change, tries, until: now + delayMs });
    const watched = this.#disks.get(id);
    // It may be another one than we believe.
    if (watched !== undefined) watched.nextAt = now;
  }

  #clustersOf(ids: readonly string[]): string[] {
    const some = new Set(ids);
    return [...this.#clusters].flatMap(([cluster, own]) => (own.some((id) => some.has(id)) ? [cluster] : []));
  }

  /** What no cluster has any more. */
  #forget(): void {
    for (const cluster of this.#clusters.keys())
      if (!this.#options.isThere(cluster)) this.#clusters.delete(cluster);
    const wanted = new Set([...this.#clusters.values()].flat());
    for (const id of this.#disks.keys()) if (!wanted.has(id)) this.#disks.delete(id);
    for (const id of this.#refusals.keys()) if (!wanted.has(id)) this.#refusals.delete(id);
  }
}

function delayOf(disk: Disk | undefined): number {
  if (disk === undefined || !isChanging(disk)) return restingMs;
  return disk.modification?.state === 'modifying' ? modifyingMs : optimizingMs;
}
