import { identifier, literal, nameProblem } from './sql.ts';

/**
 * Parameters whose value is a list of names, each of which PostgreSQL quotes by itself (`GUC_LIST_QUOTE`; extensions
 * cannot have such). Written as one string the whole list would become one name. Source: `variable_is_guc_list_quote`
 * of pg_dump, which has to know them too. `folded`: names without quotes are taken in lower case.
 */
const lists = new Map([
  ['local_preload_libraries', { folded: false }],
  ['search_path', { folded: true }],
  ['session_preload_libraries', { folded: false }],
  ['shared_preload_libraries', { folded: false }],
  ['temp_tablespaces', { folded: true }],
  ['unix_socket_directories', { folded: false }],
]);

/** Names that PostgreSQL still takes, and what it makes of them (`map_old_guc_names` in guc.c). */
const renamed = new Map([
  ['sort_mem', 'work_mem'],
  ['vacuum_mem', 'maintenance_work_mem'],
]);

/** No more than what is read back; PostgreSQL itself has no limit. In characters. */
const longestValue = 8000;

/** The name as PostgreSQL knows the parameter: case does not matter. */
export function settingKey(name: string): string {
  const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return renamed.get(lower) ?? lower;
}

/** Why PostgreSQL cannot have this setting, as far as that can be seen here; undefined when it perhaps can. */
export function settingProblem(name: string, value: string): string | undefined {
  const parts = name.split('.');
  // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
  if (!parts.every((part) => /^[A-Za-z_\u0080-\u{10FFFF}][\w$\u0080-\u{10FFFF}]*$/u.test(part)))
    return `${JSON.stringify(name)} cannot be the name of a parameter`;
  const problem = parts.map(nameProblem).find((found) => found !== undefined);
  if (problem !== undefined) return problem;
  if (value.includes('\0') || !value.isWellFormed()) return `the value of ${name} is not text`;
  if (value.length > longestValue) return `the value of ${name} is longer than ${longestValue} characters`;
  if (listOf(name, value) === undefined)
    return `${JSON.stringify(value)} is not a list of names, which ${name} needs: separate them by commas, and put double quotes around what is not a plain name`;
  return undefined;
}

/** Whether what PostgreSQL stored as `stored` is what `value` asks for. */
export function settingMatches(name: string, value: string, stored: string): boolean {
  return JSON.stringify(listOf(name, value)) === JSON.stringify(listOf(name, stored));
}

/** `name TO value` of `SET`, quoted. Only for a setting without a problem. */
export function settingAssignment(name: string, value: string): string {
  const values = listOf(name, value);
  if (values === undefined) throw new Error(`not a list: ${name}`);
  return `${name.split('.').map(identifier).join('.')} TO ${values.map(literal).join(', ')}`;
}

/** The names in the value of a list; any other value as it is. undefined: it should be a list and is not one. */
function listOf(name: string, value: string): string[] | undefined {
  const list = lists.get(settingKey(name));
  if (list === undefined) return [value];
  const names = splitList(value, list.folded);
  // PostgreSQL cannot store an empty list in a role; one empty name says the same.
  return names?.length === 0 ? [''] : names;
}

/** As PostgreSQL does it (`SplitIdentifierString`, `SplitDirectoriesString`). */
function splitList(text: string, folded: boolean): string[] | undefined {
  const names: string[] = [];
  const item = folded
    ? /[ \t\n\r\f\v]*(?:"((?:[^"]|"")*)"|([^",\s]+))[ \t\n\r\f\v]*(,|$)/gy
    : /[ \t\n\r\f\v]*(?:"((?:[^"]|"")*)"|([^",][^,]*?))[ \t\n\r\f\v]*(,|$)/gy;
  if (text.trim() === '') return names;
  for (;;) {
    const match = item.exec(text);
    if (!match) return undefined;
    const [, quoted, plain = '', end] = match;
    if (quoted !== undefined) names.push(quoted.replaceAll('""', '"'));
    else names.push(folded ? plain.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : plain);
    if (end === '') return names;
  }
}
