import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable, type Duplex } from 'node:stream';
import type { KubeObject, Status } from '@pgherd/kube/objects';
import { WebSocketServer, type WebSocket } from 'ws';
import type { NodeProxy } from '../node/node-proxy.ts';
import { badRequest } from '../registry/errors.ts';
import { parseSize, runCommand, type CommandRequest } from './exec-request.ts';

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
 * Serves a command on a connection that is upgraded to WebSocket.
 *
 * @throws ApiError before anything is answered, when the request cannot be served.
 */
export function serveWebSocketCommand(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  wanted: CommandRequest,
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
  sockets().handleUpgrade(request, socket, head, (webSocket) => {
    const abort = new AbortController();
    const stdin = wanted.stdin ? new PassThrough() : undefined;
    const outputs = {
      ...(wanted.stdout ? { stdout: channelWriter(webSocket, channel.stdout) } : {}),
      ...(wanted.stderr ? { stderr: channelWriter(webSocket, channel.stderr) } : {}),
    };
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
    const streams = {
      signal: abort.signal,
      onResize: (listener: typeof onResize) => {
        onResize = listener;
      },
      ...(stdin ? { stdin } : {}),
      ...outputs,
    };
    const serve = async (): Promise<void> => {
      const status = await runCommand(nodeProxy, pod, wanted, streams);
      await Promise.all(Object.values(outputs).map(sent));
      finish(webSocket, status);
    };
    // An exception here would be answered in HTTP, on a connection that speaks WebSocket already.
    serve().catch(() => webSocket.terminate());
  });
}

function channelWriter(webSocket: WebSocket, number: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (webSocket.readyState !== webSocket.OPEN) return done();
      webSocket.send(Buffer.concat([Buffer.from([number]), chunk]), { binary: true }, () => done());
    },
  });
}

/** Resolves when all that was written has gone out: clients read nothing after the status. */
function sent(output: Writable): Promise<void> {
  return new Promise((resolve) => output.end(resolve));
}

function finish(webSocket: WebSocket, status: Partial<Status>): void {
  if (webSocket.readyState !== webSocket.OPEN) return;
  const text = JSON.stringify(status);
  webSocket.send(Buffer.concat([Buffer.from([channel.status]), Buffer.from(text)]), { binary: true }, () => {
    webSocket.close(1000);
  });
}
