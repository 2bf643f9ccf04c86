import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { binaries, freePort, owner } from './postgres-server.ts';
import { queryOnce, type Address } from './writer.ts';

/** A PostgreSQL server in a directory that the test gives, and that may be ended as a power cut ends it. */
export class BarePostgres {
  readonly data: string;
  readonly address: Address & { port: number };
  #server: ChildProcess | undefined;

  private constructor(data: string, port: number) {
    this.data = data;
    this.address = { host: '127.0.0.1', port, user: 'postgres', password: '', database: 'postgres' };
  }

  /** Makes a database in `data`, which must not be there yet. Everybody on this machine is let in. */
  static async initialise(data: string): Promise<BarePostgres> {
    const made = await BarePostgres.at(data);
    program('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N']);
    const certificate = ['-keyout', join(data, 'server.key'), '-out', join(data, 'server.crt')];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test'];
    execFileSync('openssl', [...request, ...certificate], { ...owner(), stdio: 'pipe' });
    return made;
  }

  /** For a database that stands there already, e.g. a copy. */
  static async at(data: string): Promise<BarePostgres> {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const user = owner();
    if (user !== undefined) chownSync(data, user.uid, user.gid);
    return new BarePostgres(data, await freePort());
  }

  /** Copies this server's data; the copy streams from it under `name` once it is started. */
  async replicate(data: string, name: string): Promise<BarePostgres> {
    const copy = await BarePostgres.at(data);
    const source = `host=127.0.0.1 port=${this.address.port} user=postgres application_name=${name}`;
    program('pg_basebackup', ['-D', data, '-d', source, '-R', '-X', 'stream', '-c', 'fast']);
    return copy;
  }

  /** Process id of the postmaster. */
  get pid(): number {
    const pid = this.#server?.pid;
    if (pid === undefined) throw new Error('it does not run');
    return pid;
  }

  async start(settings: Record<string, string> = {}): Promise<void> {
    const all = {
      listen_addresses: '127.0.0.1',
      port: String(this.address.port),
      unix_socket_directories: '',
      ssl: 'on',
      ...settings,
    };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#server = spawn(join(binaries(), 'postgres'), ['-D', this.data, ...options], {
      ...owner(),
      cwd: this.data,
      stdio: 'ignore',
      detached: true,
    });
    await eventually('PostgreSQL answers', () => queryOnce(this.address, 'select 1'), { timeoutMs: 30_000 });
  }

  /** Makes a standby a primary. */
  promote(): void {
    program('pg_ctl', ['promote', '-D', this.data, '-w']);
  }

  /** Kills all of its processes. Can be called again. */
  async crash(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server?.pid === undefined) return;
    const ended = new Promise((done) => server.once('exit', done));
    const children = spawnSync('pgrep', ['-P', String(server.pid)], { encoding: 'utf8' }).stdout;
    for (const pid of [String(server.pid), ...children.split('\n')].filter((each) => each !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    if (server.exitCode === null && server.signalCode === null) await ended;
  }
}

function program(name: string, args: string[]): void {
  execFileSync(join(binaries(), name), args, { ...owner(), stdio: 'pipe', cwd: '/' });
}
