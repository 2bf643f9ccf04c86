import type { Readable, Writable } from 'node:stream';
import { EngineError } from '../engine/engine.ts';
import type { Engine } from '../engine/engine.ts';
import { FrameDecoder } from '../engine/frames.ts';

export interface ExecRequest {
  command: string[];
  tty?: boolean;
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  onResize?: (listener: (columns: number, rows: number) => void) => void;
  signal?: AbortSignal;
}

/**
 * Runs a command in a container to its end and answers its exit code. When `signal` fires, the command is killed
 * and the promise rejects with the signal's reason. A command that cannot be started answers what a shell would
 * (126, 127) with the engine's message on standard error.
 */
export async function execInContainer(
  engine: Engine,
  containerId: string,
  request: ExecRequest,
): Promise<number> {
  const { command, tty = false, stdin, signal } = request;
  signal?.throwIfAborted();
  const { Id } = await engine.request<{ Id: string }>('POST', `/containers/${containerId}/exec`, {
    AttachStdin: stdin !== undefined,
    AttachStdout: true,
    AttachStderr: !tty,
    Tty: tty,
    Cmd: command,
  });
  let socket;
  try {
    socket = await engine.hijack('POST', `/exec/${Id}/start`, { Detach: false, Tty: tty });
  } catch (error) {
    return notStarted(error, request);
  }
  const abort = (): void => {
    socket.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    void killExec(engine, Id);
  };
  signal?.addEventListener('abort', abort, { once: true });
  request.onResize?.((columns, rows) => {
    void engine.request('POST', `/exec/${Id}/resize?h=${rows}&w=${columns}`).catch(() => {});
  });
  if (stdin !== undefined) {
    stdin.on('data', (chunk: Buffer) => {
      if (!socket.write(chunk)) {
        stdin.pause();
        socket.once('drain', () => stdin.resume());
      }
    });
    stdin.once('end', () => socket.end());
    stdin.once('error', () => socket.end());
  }
  let said = '';
  try {
    const decoder = new FrameDecoder();
    for await (const chunk of socket) {
      const frames = tty ? [{ stream: 1, data: chunk as Buffer }] : decoder.push(chunk as Buffer);
      for (const { stream, data } of frames) {
        const target = stream === 2 ? request.stderr : request.stdout;
        if (stream === 2 && said.length < 4096) said += data.toString();
        await writeTo(target, data);
      }
    }
  } catch (error) {
    if (!isCutOff(error)) throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
  return exitCodeOf(engine, Id, signal);
}

/**
 * A write to a command that has ended meanwhile: no failure, its exit code tells how it ended. podman then also drops
 * what it has not read of the command's last output, and says so on its standard error (`write unixpacket ...`).
 */
function isCutOff(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** podman records the exit code a moment after the connection ends, and a command may close its output and go on. */
async function exitCodeOf(engine: Engine, execId: string, signal: AbortSignal | undefined): Promise<number> {
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 1.2, 1000)) {
    signal?.throwIfAborted();
    const state = await engine.request<{ Running: boolean; ExitCode: number | null }>(
      'GET',
      `/exec/${execId}/json`,
    );
    if (!state.Running && state.ExitCode !== null) return state.ExitCode;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

async function notStarted(error: unknown, request: ExecRequest): Promise<number> {
  if (!(error instanceof EngineError) || !/not found|no such file|permission denied/i.test(error.message))
    throw error;
  await writeTo(request.stderr ?? request.stdout, Buffer.from(`${error.message}\n`));
  return /permission denied/i.test(error.message) ? 126 : 127;
}

/** The API has no call for it; the process id that it tells is the host's. */
async function killExec(engine: Engine, execId: string): Promise<void> {
  try {
    const { Pid, Running } = await engine.request<{ Pid?: number; Running: boolean }>(
      'GET',
      `/exec/${execId}/json`,
    );
    if (Running && Pid !== undefined && Pid > 0) process.kill(Pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Waits where the target is full. */
export function writeTo(target: Writable | undefined, data: Buffer): Promise<void> | void {
  if (target === undefined || target.destroyed || target.write(data)) return;
  return new Promise((resolve) => {
    const done = (): void => {
      target.off('drain', done);
      target.off('close', done);
      resolve();
    };
    target.once('drain', done);
    target.once('close', done);
  });
}
