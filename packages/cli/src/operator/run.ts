import { readFileSync } from 'node:fs';
import { parseConfiguration } from '@pgherd/api';
import { MissingRightsError, runOperator, type Settings } from '@pgherd/operator';
import pino from 'pino';
import { parse } from 'yaml';
import { CommandError, exitCode } from '../exit-code.ts';

/** Options of `pgherd operator run`. */
export interface RunOptions {
  kubeconfig?: string;
  namespace?: string;
  configuration?: string;
  httpPort: string;
  identity?: string;
}

/** Reads a file of flat keys (YAML, or the `data` of a ConfigMap manifest); a wrong key ends the command. */
function readConfiguration(file: string | undefined, warn: (message: string) => void): Settings {
  const document = file === undefined ? {} : (parse(readFileSync(file, 'utf8')) as unknown);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new CommandError(`${file}: not a mapping of keys to values`, exitCode.wrongUsage);
  }
  const data = ('data' in document ? document.data : document) as Record<string, unknown>;
  // YAML reads `true` and `5` as what they are; in a ConfigMap all values are text.
  const flat = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, textOf(value)]));
  const { configuration, named, problems } = parseConfiguration(flat);
  for (const { severity, field, message } of problems) {
    if (severity !== 'error') warn(`${file}: ${field}: ${message}`);
  }
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    throw new CommandError(errors.map(({ field, message }) => `${file}: ${field}: ${message}`).join('\n'));
  }
  return { configuration, named };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Runs the operator until SIGTERM or SIGINT. */
export async function runOperatorCommand(options: RunOptions): Promise<void> {
  const log = pino({ level: process.env['PGHERD_LOG_LEVEL'] ?? 'info' });
  const port = Number(options.httpPort);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new CommandError(
      `--http-port ${options.httpPort}: give a number from 0 to 65535`,
      exitCode.wrongUsage,
    );
  }
  const settings = readConfiguration(options.configuration, (message) => log.warn(message));
  const watched =
    options.namespace ?? process.env['WATCHED_NAMESPACE'] ?? settings.configuration.watched_namespace;
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());
  try {
    await runOperator({
      settings,
      ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
      ...(watched === '*' || watched === '' ? {} : { namespace: watched }),
      ...(options.identity === undefined ? {} : { identity: options.identity }),
      httpPort: port,
      log,
      signal: stop.signal,
    });
  } catch (error) {
    if (error instanceof MissingRightsError) throw new CommandError(error.message);
    throw error;
  }
}
