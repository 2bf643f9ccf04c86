import { execFile, spawnSync } from 'node:child_process';
import { ContainerTool } from '../../images/container-tool.ts';
import { patroniConfiguration } from '../../images/postgres/src/patroni-configuration.ts';
import { parseSettings, type Mapping } from '../../images/postgres/src/settings.ts';
import { eventually } from './eventually.ts';

/** PostgreSQL of the database image in a container of its own, without Patroni, with the image's own parameters. */
export interface ImageServer {
  /**
   * Runs psql with `script` as its input; errors of statements do not end it.
   * @returns what was written to standard output and to standard error
   */
  psql(script: string, database?: string): Promise<{ stdout: string; stderr: string }>;
  /** The first line that a query answers. Throws when there is an error. */
  value(query: string, database?: string): Promise<string>;
  /** Runs a command in the container and answers what it printed. Throws when it fails. */
  run(...command: string[]): string;
  /** Names of the libraries that the server could load. */
  libraries: string[];
  /** What the server logged so far. */
  log(): string;
  stop(): void;
}

/** What the image's own code makes of an empty manifest. */
function parametersOf(version: string, libraries: string[]): Mapping {
  const settings = parseSettings({
    DCS_ENABLE_KUBERNETES_API: 'true',
    SCOPE: 'extensions',
    HOSTNAME: 'extensions-0',
    POD_IP: '127.0.0.1',
    PGPASSWORD_SUPERUSER: 'x',
    PGPASSWORD_STANDBY: 'x',
  });
  const { configuration } = patroniConfiguration(settings, {
    version,
    binDir: `/usr/lib/postgresql/${version}/bin`,
    memory: { bytes: 500 * 1024 * 1024, limited: true },
    hasLibrary: (name) => libraries.includes(name),
  });
  const shared = (configuration['bootstrap'] as { dcs: { postgresql: { parameters: Mapping } } }).dcs
    .postgresql;
  const own = configuration['postgresql'] as { parameters: Mapping };
  return { ...shared.parameters, ...own.parameters };
}

/** Starts a server of `image`; `changed` are parameters that differ from the image's. */
export async function startImageServer(image: string, changed: Mapping = {}): Promise<ImageServer> {
  const tool = ContainerTool.find();
  const version = '17';
  const name = `pgherd-test-extensions-${process.pid}`;
  const stop = (): void => void tool.run(['rm', '--force', '--volumes', name], { quiet: true });
  const how = ['--detach', '--name', name, '--network', 'none', '--entrypoint', '/usr/bin/tini'];
  const idle = tool.runCommand([...how, image, '--', 'sleep', 'infinity']);
  const started = spawnSync(idle.program, idle.args, { encoding: 'utf8' });
  if (started.status !== 0) throw new Error(`${image} does not start: ${started.stderr}`);
  const inside = (...command: string[]): string => tool.run(['exec', name, ...command]).output;
  try {
    const libraries = inside('ls', `/usr/lib/postgresql/${version}/lib`)
      .split('\n')
      .filter((file) => file.endsWith('.so'))
      .map((file) => file.slice(0, -'.so'.length));
    const parameters = {
      ...parametersOf(version, libraries),
      fsync: 'off',
      ssl: 'off',
      logging_collector: 'off',
      log_destination: 'stderr',
      wal_level: 'logical',
      ...changed,
    };
    inside('initdb', '--pgdata', '/tmp/data', '--encoding=UTF8', '--auth=trust', '--no-sync');
    const options = Object.entries(parameters).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const quoted = options.map((option) => `'${option.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    tool.run(['exec', '--detach', name, 'sh', '-c', `exec postgres -D /tmp/data ${quoted} > /tmp/log 2>&1`]);
    const psql = (script: string, database = 'postgres'): Promise<{ stdout: string; stderr: string }> =>
      new Promise((done) => {
        const { program, args } = tool.command([
          'exec',
          '--interactive',
          '--env',
          `PGDATABASE=${database}`,
          name,
        ]);
        const child = execFile(
          program,
          [...args, 'psql', '-XAtq', '-v', 'VERBOSITY=terse'],
          { encoding: 'utf8', maxBuffer: 1 << 26 },
          (_, stdout, stderr) => done({ stdout, stderr }),
        );
        child.stdin?.end(script);
      });
    const value = async (query: string, database?: string): Promise<string> => {
      const { stdout, stderr } = await psql(query, database);
      if (stderr.includes('ERROR:') || stderr.includes('FATAL:')) throw new Error(`${query}: ${stderr}`);
      return stdout.split('\n')[0] ?? '';
    };
    const log = (): string => inside('cat', '/tmp/log');
    await eventually('PostgreSQL answers', async () => (await value('SELECT 1')) === '1', {
      timeoutMs: 60_000,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${log()}`);
    });
    return { psql, value, run: inside, libraries, log, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
