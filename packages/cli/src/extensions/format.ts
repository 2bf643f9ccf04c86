import { formatTable } from '../output.ts';
import type { AvailableExtension, ExtensionReport, InstalledExtension } from './report.ts';

/** Names are anybody's text: what would steer a terminal is written as its code. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}

const longestComment = 64;
const namedDatabases = 5;

/** `a, b, c`, with no more than five names. */
function namesOf(databases: string[]): string {
  const shown = databases.slice(0, namedDatabases).map(printable).join(', ');
  const rest = databases.length - namedDatabases;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function remarkOf({ missing, notLoaded }: InstalledExtension): string {
  if (missing) return 'not in this image';
  return notLoaded ? 'its library is not loaded' : '';
}

/** One line for the same extension, version and schema, however many databases have it. */
function installedTable(installed: InstalledExtension[]): string {
  const groups = Map.groupBy(installed, ({ name, version, schema }) =>
    JSON.stringify([name, version, schema]),
  );
  const rows = [...groups.values()].map((members) => {
    const [first] = members as [InstalledExtension];
    const databases = namesOf(members.map(({ database }) => database));
    return [first.name, first.version, first.schema].map(printable).concat(databases, remarkOf(first));
  });
  rows.sort(([a = ''], [b = '']) => (a < b ? -1 : Number(a > b)));
  return formatTable(['EXTENSION', 'VERSION', 'SCHEMA', 'DATABASES', ''], rows);
}

function preloadOf({ preload }: AvailableExtension): string {
  if (preload === undefined) return '';
  return preload.loaded ? 'loaded' : 'not loaded';
}

function availableTable(available: AvailableExtension[]): string {
  const rows = available.map((extension) => [
    printable(extension.name),
    printable(extension.version),
    extension.createdBy,
    preloadOf(extension),
    shortened(printable(extension.comment), longestComment),
  ]);
  return formatTable(['NAME', 'VERSION', 'CREATED BY', 'PRELOAD', 'COMMENT'], rows);
}

function updatesTable({ cluster, updates }: ExtensionReport): string {
  const rows = updates.map(({ database, name, from, to, statement }) =>
    [database, name, from, to, statement ?? `no script leads there`].map(printable),
  );
  const table = formatTable(['DATABASE', 'EXTENSION', 'INSTALLED', 'IMAGE', 'STATEMENT'], rows);
  const hint = `pgherd psql ${cluster} --database DATABASE -- -X -c 'STATEMENT'`;
  return updates.some(({ statement }) => statement !== undefined) ? `${table}\nto run one: ${hint}` : table;
}

/** The report for people: what is installed, what could be newer, what is there to install. */
export function formatReport(report: ExtensionReport): string {
  const parts = [
    `Installed\n${report.installed.length > 0 ? installedTable(report.installed) : 'nothing'}`,
    report.updates.length > 0 ? `Updates\n${updatesTable(report)}` : '',
    report.unread.length > 0
      ? `Not looked into\n${formatTable(
          ['DATABASE', 'WHY'],
          report.unread.map(({ database, reason }) => [printable(database), printable(reason)]),
        )}`
      : '',
    `Available (${report.available.length})\n${availableTable(report.available)}`,
    `Loaded at start: ${report.preloaded.map(printable).join(', ') || 'nothing'}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}
