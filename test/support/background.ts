import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Process of an instance that runs in the background, from the note that the command line keeps; undefined when gone. */
export function findBackground(
  home: string,
  name: 'server' | 'operator',
): { pid: number; httpPort?: number } | undefined {
  try {
    const note = JSON.parse(readFileSync(join(home, 'run', `${name}.json`), 'utf8')) as {
      pid: number;
      httpPort?: number;
    };
    process.kill(note.pid, 0);
    return note;
  } catch {
    return undefined;
  }
}
