import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from '@pgherd/postgres';
import { eventually } from './eventually.ts';

/** A PostgreSQL server of its own, in a temporary directory. */
export interface PostgresServer {
  host: string;
  port: number;
  /** Password of the superuser `postgres`. */
  password: string;
  /** Process id of the postmaster. */
  pid: number;
  /** What it logged so far. */
  log(): string;
  /** Ends it and removes its directory. Can be called again. */
  stop(): Promise<void>;
}

const prefix = 'pgherd-test-postgres-';

/** Folder with the newest server that the machine has. */
export function binaries(): string {
  const found = globSync('/usr/lib/postgresql/*/bin/postgres').map((path) =>
    path.slice(0, -'/postgres'.length),
  );
  const newest = found.sort((a, b) => Number(b.split('/').at(-2)) - Number(a.split('/').at(-2)))[0];
  if (newest === undefined)
    throw new Error('no PostgreSQL server in /usr/lib/postgresql; install the package `postgresql`');
  return newest;
}

/** The server refuses to run as root, so it runs as `nobody` then. */
export function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string): number => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends the server of `directory` (if it is still that one) and removes the directory. */
function remove(directory: string): void {
  try {
    const pid = Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory)) process.kill(pid, 'SIGQUIT');
  } catch {
    // It does not run.
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Servers of test runs that were killed. */
function removeLeftovers(): void {
  for (const name of globSync(`${prefix}*`, { cwd: tmpdir() })) {
    const directory = join(tmpdir(), name);
    const run = join(directory, 'test-run.pid');
    if (existsSync(run) && !isAlive(Number(readFileSync(run, 'utf8')))) remove(directory);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * The server's program, in a place where it finds further extensions: it looks for its other files from where it is.
 * `files`: control files and scripts by name.
 */
function withExtensions(bin: string, directory: string, files: Record<string, string>): string {
  const [, version = ''] = /\/([^/]+)\/bin$/.exec(bin) ?? [];
  const own = join(directory, 'lib', 'postgresql', version);
  const share = join(directory, 'share', 'postgresql', version);
  const extensions = join(share, 'extension');
  mkdirSync(join(own, 'bin'), { recursive: true });
  mkdirSync(extensions, { recursive: true });
  copyFileSync(join(bin, 'postgres'), join(own, 'bin', 'postgres'));
  symlinkSync(join(dirname(bin), 'lib'), join(own, 'lib'));
  const installed = join('/usr/share/postgresql', version);
  for (const name of readdirSync(installed))
    if (name !== 'extension') symlinkSync(join(installed, name), join(share, name));
  for (const name of readdirSync(join(installed, 'extension')))
    symlinkSync(join(installed, 'extension', name), join(extensions, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(extensions, name), text);
  return join(own, 'bin', 'postgres');
}

/**
 * Starts a server with TLS (certificate of its own making) that asks for SCRAM. `settings`: postgresql.conf;
 * `extensionFiles`: control files and scripts of extensions, by name, beside those that are installed.
 */
export async function startPostgres(
  settings: Record<string, string> = {},
  extensionFiles?: Record<string, string>,
): Promise<PostgresServer> {
  removeLeftovers();
  const bin = binaries();
  const user = owner();
  const directory = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(directory, 'test-run.pid'), String(process.pid));
  const data = join(directory, 'data');
  const password = 'superuser-password';
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, password);
  mkdirSync(data);
  for (const path of user ? [directory, data, passwordFile] : [])
    chownSync(path, user?.uid ?? 0, user?.gid ?? 0);
  const run = (command: string, args: string[]): void => {
    execFileSync(command, args, { ...user, cwd: directory, stdio: 'pipe' });
  };
  run(join(bin, 'initdb'), [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '-N',
  ]);
  const certificate = ['-keyout', join(data, 'server.key'), '-out', join(data, 'server.crt')];
  run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test',
    ...certificate,
  ]);
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ssl: 'on',
    fsync: 'off',
    ...settings,
  };
  const program = extensionFiles ? withExtensions(bin, directory, extensionFiles) : join(bin, 'postgres');
  const logFile = join(directory, 'log');
  const server = spawn(
    'sh',
    [
      '-c',
      'exec "$0" "$@" 2>log',
      program,
      '-D',
      data,
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { ...user, cwd: directory, stdio: 'ignore' },
  );
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const stop = async (): Promise<void> => {
    server.kill('SIGQUIT');
    await ended;
    remove(directory);
  };
  try {
    await eventually(
      'PostgreSQL accepts connections',
      async () => {
        if (server.exitCode !== null) return true;
        const connection = await connect({
          host: '127.0.0.1',
          port,
          user: 'postgres',
          password,
          database: 'postgres',
        });
        await connection.close();
        return true;
      },
      { timeoutMs: 30_000 },
    );
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended: ${log()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  if (server.pid === undefined) throw new Error('PostgreSQL has no process id');
  return { host: '127.0.0.1', port, password, pid: server.pid, log, stop };
}
