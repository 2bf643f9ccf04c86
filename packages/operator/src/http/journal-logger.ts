import type { Logger } from '@pgherd/kube/objects';
import type { Journal, LogLine } from './journal.ts';

/** A logger that takes credentials out of what it says (`clean`), and remembers it in the journal. */
export function journalLogger(
  log: Logger,
  journal: Journal,
  worker: () => number | undefined,
  clean: (text: string) => string,
): Logger {
  const both =
    (level: LogLine['level'], write: Logger['info']) => (given: Record<string, unknown>, said: string) => {
      const [fields, message] = [cleanFields(given, clean), clean(said)];
      write(fields, message);
      const text = textOf(fields, message);
      journal.write({ time: new Date(), level, message: text, cluster: clusterOf(fields), worker: worker() });
    };
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: both('info', (fields, message) => log.info(fields, message)),
    warn: both('warning', (fields, message) => log.warn(fields, message)),
    error: both('error', (fields, message) => log.error(fields, message)),
  };
}

/** Without credentials in texts; errors are as they are, because they are made without. */
function cleanFields(
  fields: Record<string, unknown>,
  clean: (text: string) => string,
): Record<string, unknown> {
  const cleanValue = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    return Array.isArray(value) ? value.map(cleanValue) : value;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cleanValue(value)]));
}

/** The reconciler says `cluster`, the controller `key`. */
function clusterOf({ cluster, key }: Record<string, unknown>): string | undefined {
  return [cluster, key].find((each) => typeof each === 'string');
}

/** Fields that the entry has anyway. */
const known = new Set(['cluster', 'key', 'controller', 'err']);

function textOf(fields: Record<string, unknown>, message: string): string {
  const more = Object.entries(fields)
    .filter(([name, value]) => !known.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [message, ...more].join(' ');
}
