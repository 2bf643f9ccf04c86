import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Gap } from './gap-writer.ts';
import type { Phases } from './phases.ts';

/** With the operator's help, or Patroni's defaults and an operator that leaves the cluster alone. */
export type Side = 'pgherd' | 'patroni';

/** Where Patroni keeps its state. */
export type Store = 'endpoints' | 'configmaps';

/** Under which a sample was taken. */
export interface Conditions {
  store: Store;
  /** By how much a pod's status reached the API server late, milliseconds; 0: as it came. */
  statusDelayMs: number;
  /** When it began, ISO 8601. */
  at: string;
  /** What else the machine did: processes that wanted to run, average of the minute before. */
  load: number;
  /** Other clusters that were measured, or became whole again, when this one's fault came. */
  beside: number;
  /** Version of the project's sources. */
  commit: string;
  /** What it was measured on, in a few words. */
  machine: string;
}

/** What came of one fault or change. */
export interface Outcome extends Gap {
  /** The server that was written to before was written to again; else another member took over. */
  inPlace: boolean;
  /** How long before the fault the leader's lock had been renewed last, milliseconds. */
  lockAgeMs?: number;
  /** When what happened, as far as it was seen. */
  phases?: Phases;
  /** It was not over within the limit: `gapMs` is what it lasted until then. */
  unfinished?: true;
}

/** One fault or change, once. */
export interface Sample extends Conditions, Outcome {
  /** `id` of the scene. */
  scene: string;
  side: Side;
  /** From the first look at the cluster to its being whole again, seconds: what a sample costs. */
  seconds: number;
}

/** Samples of all runs, a JSON line each: runs that are interrupted lose nothing, and runs are added up. */
export class SampleFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  add(sample: Sample): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    appendFileSync(this.#path, `${JSON.stringify(sample)}\n`);
  }

  /** All of them. A last line that was cut off by a crash is left out. */
  read(): Sample[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    const cutOff = lines.pop();
    if (cutOff !== '') console.error(`${this.#path}: the last line is not whole, and left out`);
    return lines.map((line) => JSON.parse(line) as Sample);
  }
}
