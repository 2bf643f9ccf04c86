import pg from 'pg';

/** PostgreSQL cuts longer names off silently (NAMEDATALEN - 1). */
const longestName = 63;

/** Why PostgreSQL cannot have an object of this name; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'a name must not be empty';
  if (name.includes('\0')) return 'a name must not contain a NUL character';
  const bytes = Buffer.byteLength(name);
  if (bytes > longestName) return `the name has ${bytes} bytes, and PostgreSQL allows ${longestName}`;
  if (!name.isWellFormed()) return 'the name is not well-formed Unicode';
  return undefined;
}

/** `name` quoted as an identifier. Throws for a name that PostgreSQL would change. */
export function identifier(name: string): string {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new Error(problem);
  return pg.escapeIdentifier(name);
}

/** A name for people: in quotes when it could be taken for something else, like words of a sentence or of SQL. */
export function readable(name: string): string {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(name) ? name : JSON.stringify(name);
}

/** `value` quoted as a string constant, right whatever `standard_conforming_strings` says. */
export function literal(value: string): string {
  if (value.includes('\0')) throw new Error('a string for PostgreSQL must not contain a NUL character');
  return pg.escapeLiteral(value);
}
