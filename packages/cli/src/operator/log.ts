import type { Configuration } from '@pgherd/api';
import pino, { type Logger } from 'pino';

/** Somewhere that lines can be written to. */
interface Output {
  write(line: string): unknown;
}

/**
 * The operator's log: one JSON object in each line; text with `ENABLE_JSON_LOGGING=false` or, without quotes around
 * values, with `LOG_NOQUOTE` set to anything.
 */
export function operatorLog(
  environment: Readonly<Record<string, string | undefined>>,
  output: Output,
): Logger {
  const level = environment['PGHERD_LOG_LEVEL'] ?? 'info';
  const noQuotes = Boolean(environment['LOG_NOQUOTE']);
  const json = environment['ENABLE_JSON_LOGGING']?.trim().toLowerCase();
  const isText = json === undefined || json === '' ? noQuotes : ['false', '0', 'f'].includes(json);
  if (!isText) return pino({ level }, { write: (line: string) => void output.write(line) });
  return pino({ level, base: null }, { write: (line: string) => void output.write(textOf(line, noQuotes)) });
}

/** One line of pino's as text: when, how serious, what, and the fields. */
function textOf(line: string, noQuotes: boolean): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as {
    time: number;
    level: number;
    msg?: string;
    err?: { message?: string };
  };
  const all = Object.entries({ ...fields, ...(err?.message === undefined ? {} : { err: err.message }) });
  const shown = all.map(([name, value]) => `${name}=${valueOf(value, noQuotes)}`);
  const word = (pino.levels.labels[level] ?? String(level)).toUpperCase().padEnd(5);
  return `${[new Date(time).toISOString(), word, msg ?? '', ...shown].join(' ')}\n`;
}

function valueOf(value: unknown, noQuotes: boolean): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return noQuotes || typeof value !== 'string' ? text : JSON.stringify(value);
}

/** How much is logged: PGHERD_LOG_LEVEL wins over `debug_logging`. */
export function levelOf(
  configuration: Configuration,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return environment['PGHERD_LOG_LEVEL'] ?? (configuration.debug_logging ? 'debug' : 'info');
}
