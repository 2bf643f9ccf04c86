import { readFileSync, readdirSync } from 'node:fs';

/** A process of the machine. */
export interface ProcessEntry {
  pid: number;
  name: string;
  parent: number;
}

/** A process and all below it, itself first: those of a container, of its first process. */
export function processesBelow(first: number): ProcessEntry[] {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap(processOf);
  const children = Map.groupBy(all, ({ parent }) => parent);
  const found = all.filter(({ pid }) => pid === first);
  for (const each of found) found.push(...(children.get(each.pid) ?? []));
  return found;
}

/** The postgres process below this one whose parent is no postgres. */
export function postmasterBelow(first: number): number {
  const processes = processesBelow(first);
  const byPid = new Map(processes.map((each) => [each.pid, each]));
  const found = processes.find(
    ({ name, parent }) => name === 'postgres' && byPid.get(parent)?.name !== 'postgres',
  );
  if (found === undefined) throw new Error(`no postmaster below process ${first}`);
  return found.pid;
}

function processOf(entry: string): ProcessEntry[] {
  try {
    const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
    const [, pid, name = '', parent] = /^(\d+) \((.*)\) \S (\d+)/s.exec(stat) ?? [];
    return [{ pid: Number(pid), name, parent: Number(parent) }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
