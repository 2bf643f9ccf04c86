import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summarise } from './statistics.ts';

/** Median milliseconds to write a page to a file in the temporary directory and to wait until it is on disk. */
export function syncMilliseconds(): number {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-disk-'));
  const file = openSync(join(directory, 'page'), 'w');
  try {
    const page = Buffer.alloc(4096);
    const times = Array.from({ length: 50 }, () => {
      const begin = performance.now();
      writeSync(file, page);
      fsyncSync(file);
      return performance.now() - begin;
    });
    return summarise(times).p50;
  } finally {
    closeSync(file);
    rmSync(directory, { recursive: true, force: true });
  }
}
