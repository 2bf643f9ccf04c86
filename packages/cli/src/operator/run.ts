import { MissingRightsError, runOperator, type ConfigurationOrigin } from '@pgherd/operator';
import { CommandError, exitCode } from '../exit-code.ts';
import { keepHeapSmall } from './heap.ts';
import { levelOf, operatorLog } from './log.ts';
import { readConfigurationFile } from './read-configuration.ts';

/** Options of `pgherd operator run`. */
export interface RunOptions {
  kubeconfig?: string;
  namespace?: string;
  configuration?: string;
  httpHost?: string;
  httpPort?: string;
  identity?: string;
  nodatabaseaccess?: true;
  noteamsapi?: true;
}

/** Runs the operator until SIGTERM or SIGINT. */
export async function runOperatorCommand(options: RunOptions): Promise<void> {
  keepHeapSmall();
  const log = operatorLog(process.env, process.stdout);
  const { kubeconfig, namespace, identity, httpHost } = options;
  const httpPort = options.httpPort === undefined ? undefined : Number(options.httpPort);
  if (httpPort !== undefined && (!Number.isInteger(httpPort) || httpPort < 0 || httpPort > 65535)) {
    throw new CommandError(
      `--http-port ${options.httpPort}: give a number from 0 to 65535`,
      exitCode.wrongUsage,
    );
  }
  const origin = options.configuration === undefined ? undefined : fileOrigin(options.configuration);
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());
  try {
    await runOperator({
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(identity === undefined ? {} : { identity }),
      ...(httpHost === undefined ? {} : { httpHost }),
      ...(httpPort === undefined ? {} : { httpPort }),
      ...(origin === undefined ? {} : { origin }),
      overrides: {
        noDatabaseAccess: options.nodatabaseaccess === true,
        noTeamsApi: options.noteamsapi === true,
      },
      onSettings: ({ configuration }) => (log.level = levelOf(configuration, process.env)),
      log,
      signal: stop.signal,
    });
  } catch (error) {
    if (error instanceof MissingRightsError) throw new CommandError(error.message);
    throw error;
  }
}

function fileOrigin(path: string): ConfigurationOrigin {
  return { type: 'file', path, read: () => readConfigurationFile(path) };
}
