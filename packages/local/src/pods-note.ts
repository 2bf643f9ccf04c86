import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a server can run pods; its API works before and without. */
export interface PodsNote {
  /** The server that says so; a note of another process is old. */
  pid: number;
  /** One sentence: why pods cannot run, and what to do. Absent: they can. */
  problem?: string;
}

const fileOf = (home: string): string => join(home, 'run', 'pods.json');

/** Leaves a note for the command line. */
export function writePodsNote(home: string, note: PodsNote): void {
  mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
  const temporary = `${fileOf(home)}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  renameSync(temporary, fileOf(home));
}

/** The note of this server process; undefined while it has not said anything. */
export function readPodsNote(home: string, pid: number): PodsNote | undefined {
  try {
    const note = JSON.parse(readFileSync(fileOf(home), 'utf8')) as PodsNote;
    return note.pid === pid ? note : undefined;
  } catch {
    return undefined;
  }
}
