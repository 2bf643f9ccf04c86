import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Process of an instance that runs in the background, from the note that the command line keeps; undefined when gone. */
export function findBackground(home: string, name: 'server' | 'operator'): { pid: number } | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(home, 'run', `${name}.json`), 'utf8')) as { pid: number };
    process.kill(pid, 0);
    return { pid };
  } catch {
    return undefined;
  }
}
