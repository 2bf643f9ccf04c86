import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeProcess, serverProcess, type ServerProcess } from '@pgherd/local';

/** A process of ours that outlives the command: who it is stands in `HOME/run/NAME.json`, its output in `HOME/log`. */
export interface BackgroundProcess {
  name: string;
  home: string;
}

/** One that runs. */
export interface RunningProcess extends ServerProcess {
  /** Loopback port of its health checks and metrics, if it has one. */
  httpPort?: number;
}

const noteFile = ({ home, name }: BackgroundProcess): string => join(home, 'run', `${name}.json`);

/** File with the process's output. */
export const logFile = ({ home, name }: BackgroundProcess): string => join(home, 'log', `${name}.log`);

/** Starts it detached from the terminal, and remembers it. */
export function startInBackground(...how: Parameters<typeof launch>): ServerProcess {
  try {
    return launch(...how);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    const why = `no space is left on the file system of ${how[0].home}: make room there and try again`;
    throw new Error(why, { cause: error });
  }
}

function launch(
  process_: BackgroundProcess,
  command: string[],
  environment: Record<string, string>,
  facts: { httpPort?: number } = {},
): ServerProcess {
  const log = logFile(process_);
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  mkdirSync(join(process_.home, 'run'), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'a', 0o600);
  const [program = process.execPath, ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: { ...process.env, ...environment },
  });
  child.unref();
  closeSync(output);
  const started = child.pid === undefined ? undefined : describeProcess(child.pid);
  if (started === undefined) throw new Error(`${process_.name} did not start: ${lastLines(log, 5)}`);
  writeFileSync(noteFile(process_), `${JSON.stringify({ ...started, ...facts })}\n`, { mode: 0o600 });
  return started;
}

/** The process, if it is still the one that was started. */
export function findBackground(process_: BackgroundProcess): RunningProcess | undefined {
  // Of two servers that were started at once, the note may name the one that lost; the lock names the one that runs.
  const holder = process_.name === 'server' ? serverProcess(process_.home) : undefined;
  if (holder !== undefined) return holder;
  const noted = notedProcess(process_);
  const now = noted === undefined ? undefined : describeProcess(noted.pid);
  return now?.startTime === noted?.startTime && now?.bootId === noted?.bootId ? noted : undefined;
}

/** The process that the note names, whether it runs or not. */
function notedProcess(process_: BackgroundProcess): RunningProcess | undefined {
  try {
    return JSON.parse(readFileSync(noteFile(process_), 'utf8')) as RunningProcess;
  } catch {
    return undefined;
  }
}

/** Clock ticks since boot, as `startTime` counts them; a second has 100 on every Linux that Node runs on. */
const ticksNow = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100;

/**
 * Asks it to end, and waits. After `timeoutMs` it is killed. One that somebody starts meanwhile is not meant, and
 * goes on.
 * @returns whether there was one
 */
export async function stopBackground(
  process_: BackgroundProcess,
  options: { signal?: NodeJS.Signals; timeoutMs: number },
): Promise<boolean> {
  let running = findBackground(process_);
  if (running === undefined) return false;
  const asked = ticksNow();
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (running !== undefined) process.kill(running.pid, name);
    } catch {
      // It ended in between, which is what was wanted.
    }
  };
  signal(options.signal ?? 'SIGTERM');
  const deadline = Date.now() + options.timeoutMs;
  let killed = false;
  for (;;) {
    const now = findBackground(process_);
    if (now !== undefined && now.pid !== running.pid && Number(now.startTime) > asked) return true;
    if (now === undefined) break;
    // Of two that were started at once the first note named the one that lost.
    if (now.pid !== running.pid) {
      running = now;
      signal(options.signal ?? 'SIGTERM');
    }
    if (Date.now() > deadline && !killed) {
      signal('SIGKILL');
      killed = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (notedProcess(process_)?.pid === running.pid) rmSync(noteFile(process_), { force: true });
  return true;
}

/** The end of a log, for error messages. */
export function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(no output)';
  }
}
