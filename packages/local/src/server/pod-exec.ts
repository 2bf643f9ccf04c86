import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable, type Duplex } from 'node:stream';
import type { KubeObject, Status } from '@pgherd/kube/objects';
import { ApiError } from '@pgherd/kube/objects';
import { WebSocketServer, type WebSocket } from 'ws';
import { badRequest } from '../registry/errors.ts';
import type { ExecOptions, NodeProxy } from '../node/node-proxy.ts';
import { containerOf } from './pod-log.ts';
import { flag } from './query.ts';
import { statusOf } from './respond.ts';

/** Channels of `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of each message. */
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 };

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const sockets = (): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
    maxPayload: 32 * 1024 * 1024,
  });

/**
 * Serves `pods/NAME/exec` on an upgraded connection.
 *
 * @throws ApiError before anything is answered, when the request cannot be served.
 */
export function serveExec(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  query: URLSearchParams,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((p) => p.trim());
  if (!protocols.some((protocol) => offered.includes(protocol))) {
    throw badRequest(
      `none of the offered WebSocket subprotocols is served; served are ${protocols.join(', ')}`,
    );
  }
  const container = containerOf(pod, query.get('container'));
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
  const wanted = {
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    stderr: flag(query, 'stderr'),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest('you must specify at least one of stdin, stdout, stderr');
  }
  const tty = flag(query, 'tty');
  sockets().handleUpgrade(request, socket, head, (webSocket) => {
    const abort = new AbortController();
    const stdin = wanted.stdin ? new PassThrough() : undefined;
    let onResize: ((columns: number, rows: number) => void) | undefined;
    webSocket.on('message', (data: Buffer) => {
      const bytes = data.subarray(1);
      if (data[0] === channel.stdin) {
        if (stdin && !stdin.writableEnded && !stdin.write(bytes)) {
          webSocket.pause();
          stdin.once('drain', () => webSocket.resume());
        }
      } else if (data[0] === channel.resize) {
        const size = parseSize(bytes);
        if (size) onResize?.(size.Width, size.Height);
      } else if (data[0] === channel.close && bytes[0] === channel.stdin) stdin?.end();
    });
    webSocket.on('close', () => {
      stdin?.end();
      abort.abort();
    });
    webSocket.on('error', () => abort.abort());
    const options: ExecOptions = {
      container,
      command,
      tty,
      signal: abort.signal,
      onResize: (listener) => {
        onResize = listener;
      },
      ...(stdin ? { stdin } : {}),
      ...(wanted.stdout ? { stdout: channelWriter(webSocket, channel.stdout) } : {}),
      // A terminal has one output.
      ...(wanted.stderr && !tty ? { stderr: channelWriter(webSocket, channel.stderr) } : {}),
    };
    const { name = '', namespace = '' } = pod.metadata;
    // An exception here would be answered in HTTP, on a connection that speaks WebSocket already.
    Promise.resolve()
      .then(() => nodeProxy.exec(namespace, name, options))
      .then(exitStatus, (error: unknown) => failureStatus(error))
      .then((status) => finish(webSocket, status))
      .catch(() => webSocket.terminate());
  });
}

function parseSize(bytes: Buffer): { Width: number; Height: number } | undefined {
  try {
    const size = JSON.parse(bytes.toString('utf8')) as { Width?: unknown; Height?: unknown };
    if (typeof size.Width === 'number' && typeof size.Height === 'number') {
      return { Width: size.Width, Height: size.Height };
    }
  } catch {
    // A size that cannot be read changes nothing.
  }
  return undefined;
}

function channelWriter(webSocket: WebSocket, number: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (webSocket.readyState !== webSocket.OPEN) return done();
      webSocket.send(Buffer.concat([Buffer.from([number]), chunk]), { binary: true }, () => done());
    },
  });
}

function finish(webSocket: WebSocket, status: Partial<Status>): void {
  if (webSocket.readyState !== webSocket.OPEN) return;
  const text = JSON.stringify(status);
  webSocket.send(Buffer.concat([Buffer.from([channel.status]), Buffer.from(text)]), { binary: true }, () => {
    webSocket.close(1000);
  });
}

/** How the end of a command is told: success, or the exit code as a cause. */
function exitStatus(code: number): Partial<Status> {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function failureStatus(error: unknown): Status {
  if (error instanceof ApiError) return error.status;
  return statusOf(error);
}
