import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeObject } from '@pgherd/kube/objects';
import type { NodeProxy } from '../../node/node-proxy.ts';
import { parseSize, runCommand, type CommandRequest } from '../exec-request.ts';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { upgradeToSpdy } from './upgrade.ts';

/** Of kubectl since Kubernetes 1.4. */
const protocol = 'v4.channel.k8s.io';

/** How long the client may take to open its streams, milliseconds. */
const patienceMs = 30_000;

/**
 * Serves a command on a connection that is upgraded to SPDY: the client opens a stream for each of its channels.
 *
 * @throws ApiError before anything is answered, when the request cannot be served.
 */
export function serveSpdyCommand(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  wanted: CommandRequest,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  upgradeToSpdy(request, socket, protocol);
  const names = ['error', ...(['stdin', 'stdout', 'stderr'] as const).filter((name) => wanted[name])];
  if (wanted.tty) names.push('resize');
  const streams = new Map<string, SpdyStream>();
  const { promise: complete, resolve } = Promise.withResolvers<boolean>();
  const connection = new SpdyConnection(socket, head, (stream) => {
    streams.set(stream.headers['streamtype'] ?? '', stream);
    if (names.every((name) => streams.has(name))) resolve(true);
  });
  const patience = setTimeout(() => resolve(false), patienceMs);
  const gone = new AbortController();
  const watch = async (): Promise<void> => {
    await connection.closed;
    resolve(false);
    gone.abort();
  };
  const serve = async (): Promise<void> => {
    const all = await complete;
    clearTimeout(patience);
    if (all) await run(nodeProxy, pod, wanted, streams, gone.signal);
    connection.end();
  };
  void watch();
  void serve();
}

async function run(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  wanted: CommandRequest,
  streams: ReadonlyMap<string, SpdyStream>,
  signal: AbortSignal,
): Promise<void> {
  const given = (['stdin', 'stdout', 'stderr'] as const).flatMap((name) => {
    const stream = streams.get(name);
    return stream ? [[name, stream] as const] : [];
  });
  const status = await runCommand(nodeProxy, pod, wanted, {
    ...Object.fromEntries(given),
    signal,
    onResize: (listener) => {
      streams.get('resize')?.on('data', (bytes: Buffer) => {
        const size = parseSize(bytes);
        if (size) listener(size.Width, size.Height);
      });
    },
  });
  const error = streams.get('error');
  error?.write(JSON.stringify(status));
  await Promise.all([...streams.values()].map(ended));
}

/** Resolves when all that was written has gone out. */
function ended(stream: SpdyStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableFinished) return resolve();
    stream.once('close', resolve);
    stream.end(() => resolve());
  });
}
