import { nameProblem } from '../sql.ts';
import { objectName, type Conflict } from './step.ts';

/** Those that PostgreSQL can have under their names, each once; the others become conflicts. */
export function usable<T extends { name: string }>(
  kind: 'role' | 'database',
  declared: readonly T[],
  conflicts: Conflict[],
): T[] {
  const seen = new Set<string>();
  return declared.filter(({ name }) => {
    const problem =
      nameProblem(name) ??
      (kind === 'role' ? reservedRole(name) : reservedDatabase(name)) ??
      (seen.has(name) ? 'it is declared twice' : undefined);
    seen.add(name);
    if (problem === undefined) return true;
    conflicts.push({ object: objectName(kind, name), message: `${problem}; choose another name.` });
    return false;
  });
}

function reservedRole(name: string): string | undefined {
  if (name.startsWith('pg_')) return 'PostgreSQL reserves names that begin with pg_';
  return ['public', 'none'].includes(name) ? 'PostgreSQL reserves this name' : undefined;
}

function reservedDatabase(name: string): string | undefined {
  return ['template0', 'template1'].includes(name) ? 'PostgreSQL reserves this name' : undefined;
}
