import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Gap } from './gap-writer.ts';

/** With the operator's help, or Patroni's defaults with the operator stopped. */
export type Side = 'pgherd' | 'patroni';

/** One fault or change, once. */
export interface Sample extends Gap {
  /** `id` of the scene. */
  scene: string;
  side: Side;
  store: 'endpoints' | 'configmaps';
  /** By how much a pod's status reached the API server late, milliseconds; 0: as it came. */
  statusDelayMs: number;
  /** When it began, ISO 8601. */
  at: string;
  /** What else the machine did: processes that wanted to run, average of the minute before. */
  load: number;
  /** Version of the project's sources. */
  commit: string;
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

  read(): Sample[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Sample);
  }
}
