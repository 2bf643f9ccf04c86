import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** A process that this one has started and ends. */
export class Process {
  readonly name: string;
  readonly #child: ChildProcess;
  /** The end of what it wrote to standard error, for when it ends unasked. */
  #complaints = '';

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    // Also when this process is ended by a signal, none is left over.
    process.once('exit', () => child.kill('SIGKILL'));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4000);
    });
  }

  /** A module of the bench; it has a channel to this process. */
  static module(name: string, file: string, ...args: string[]): Process {
    const path = join(root, 'bench/herd', file);
    const options = { execArgv: nodeArguments(name), stdio: ['ignore', 'ignore', 'pipe', 'ipc'] as const };
    return new Process(name, fork(path, args, { ...options, stdio: [...options.stdio] }));
  }

  /** The `pgherd` command line. */
  static pgherd(name: string, ...args: string[]): Process {
    const main = join(root, 'packages/cli/src/main.ts');
    const command = [...nodeArguments(name), main, ...args];
    return new Process(name, spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} could not be started`);
    return this.#child.pid;
  }

  /** Throws when it has ended. */
  mustRun(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return;
    throw new Error(`${this.name} has ended (${signalCode ?? exitCode}): ${this.#complaints}`);
  }

  /** The next message over the channel. Rejects when the process ends before. */
  async message<T>(): Promise<T> {
    const ended = new AbortController();
    const onExit = (): void => ended.abort();
    this.#child.once('exit', onExit);
    try {
      const [message] = (await once(this.#child, 'message', { signal: ended.signal })) as [T];
      return message;
    } catch (error) {
      this.mustRun();
      throw error;
    } finally {
      this.#child.off('exit', onExit);
    }
  }

  ask<T>(question: string): Promise<T> {
    const answer = this.message<T>();
    this.#child.send(question);
    return answer;
  }

  /** SIGTERM, and SIGKILL for who does not listen. */
  async end(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(impatience);
  }
}

/** `HERD_NODE_OPERATOR='--cpu-prof'` and the like, for finding out what costs. */
function nodeArguments(name: string): string[] {
  const more = process.env[`HERD_NODE_${name.toUpperCase().replaceAll('-', '_')}`] ?? '';
  return ['--no-warnings', ...more.split(' ').filter((each) => each !== '')];
}

/** A port of the loopback that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
