import { stringify } from 'yaml';
import { CommandError, exitCode } from './exit-code.ts';

/** What `-o` takes. */
export type OutputFormat = 'text' | 'json' | 'yaml';

/** Checks the value of `-o`. */
export function parseOutputFormat(value: string): OutputFormat {
  if (value === 'text' || value === 'json' || value === 'yaml') return value;
  throw new CommandError(`-o ${value}: unknown format, take text, json or yaml`, exitCode.wrongUsage);
}

/** Columns as kubectl writes them: upper-case headings, three spaces between, no trailing spaces. */
export function formatTable(headings: string[], rows: string[][]): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** Prints one result: for machines the data itself, for people the text. */
export function print(format: OutputFormat, data: unknown, text: () => string): void {
  if (format === 'json') console.log(JSON.stringify(data, null, 2));
  else if (format === 'yaml') console.log(stringify(data).trimEnd());
  else {
    const shown = text();
    if (shown !== '') console.log(shown);
  }
}

/** How long ago, in kubectl's short form: `12s`, `5m`, `3h`, `2d`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Bytes with a binary unit, one digit behind the point: `16.0 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}
