import type { IncomingMessage } from 'node:http';
import type { KubeObject, WatchEvent } from '../objects/index.ts';
import { TransportError } from './errors.ts';
import { splitLines } from './lines.ts';

/** How much later than the server the client ends a watch, in milliseconds. */
const GRACE_MS = 30_000;

/** Reads one watch. `open` gives the answer's stream, or throws. See `Reader.watch` for how it ends. */
export async function* watchEvents<T extends KubeObject>(
  open: () => Promise<IncomingMessage>,
  address: string,
  timeoutSeconds: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  let body: IncomingMessage | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    body = await open();
    if (timeoutSeconds !== undefined) {
      const overdue = new TransportError(
        address,
        'ETIMEDOUT',
        `the watch did not end after ${timeoutSeconds} s`,
      );
      timer = setTimeout(() => body?.destroy(overdue), timeoutSeconds * 1000 + GRACE_MS);
      timer.unref();
    }
    for await (const line of splitLines(body)) yield parseEvent<T>(line, address);
  } catch (error) {
    if (signal?.aborted === true) return;
    // What the stream itself threw has only Node's words; the rest is ours already.
    throw isStreamError(error) ? TransportError.from(address, error) : error;
  } finally {
    clearTimeout(timer);
    body?.destroy();
  }
}

const isStreamError = (error: unknown): boolean =>
  error instanceof Error &&
  error.name !== 'ApiError' &&
  'code' in error &&
  !(error instanceof TransportError);

function parseEvent<T extends KubeObject>(line: string, address: string): WatchEvent<T> {
  try {
    return JSON.parse(line) as WatchEvent<T>;
  } catch (error) {
    throw new TransportError(address, 'EPROTO', `sent no watch event: ${line.slice(0, 100)}`, {
      cause: error,
    });
  }
}
