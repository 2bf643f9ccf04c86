import type { Readable, Writable } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import { FrameDecoder } from '../engine/frames.ts';
import { writeTo } from './exec.ts';

/** What is joined with the container's own process. */
export interface AttachRequest {
  /** The container has a terminal. */
  tty: boolean;
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  onResize?: (listener: (columns: number, rows: number) => void) => void;
  signal: AbortSignal;
}

/** Joins the streams with those of the container's first process until either side ends. */
export async function attachToContainer(
  engine: Engine,
  containerId: string,
  { tty, stdin, stdout, stderr, onResize, signal }: AttachRequest,
): Promise<void> {
  signal.throwIfAborted();
  const query = `stream=1&stdin=${stdin ? 1 : 0}&stdout=1&stderr=1`;
  const socket = await engine.hijack('POST', `/containers/${containerId}/attach?${query}`);
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  onResize?.((columns, rows) => {
    void engine.request('POST', `/containers/${containerId}/resize?h=${rows}&w=${columns}`).catch(() => {});
  });
  stdin?.pipe(socket);
  try {
    const decoder = new FrameDecoder();
    for await (const chunk of socket) {
      const frames = tty ? [{ stream: 1, data: chunk as Buffer }] : decoder.push(chunk as Buffer);
      for (const { stream, data } of frames) await writeTo(stream === 2 ? stderr : stdout, data);
    }
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
