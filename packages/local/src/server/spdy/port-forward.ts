import type { IncomingMessage } from 'node:http';
import { pipeline, type Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { KubeObject } from '@pgherd/kube/objects';
import type { NodeProxy } from '../../node/node-proxy.ts';
import { badRequest } from '../../registry/errors.ts';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { upgradeToSpdy } from './upgrade.ts';

const protocol = 'portforward.k8s.io';
/** The same frames, carried by WebSocket messages: kubectl since 1.31. */
const tunnelled = `SPDY/3.1+${protocol}`;

/**
 * Serves `pods/NAME/portforward` on an upgraded connection: for each connection the client opens a stream for errors
 * and one for data.
 *
 * @throws ApiError before anything is answered, when the request cannot be served.
 */
export function servePortForward(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  if ((request.headers.upgrade ?? '').toLowerCase() !== 'websocket') {
    upgradeToSpdy(request, socket, protocol);
    forward(nodeProxy, pod, socket, head);
    return;
  }
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  if (!offered.includes(tunnelled)) {
    throw badRequest(`none of the offered WebSocket subprotocols is served; served is ${tunnelled}`);
  }
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => tunnelled });
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    forward(nodeProxy, pod, createWebSocketStream(webSocket), Buffer.alloc(0));
  });
}

function forward(nodeProxy: NodeProxy, pod: KubeObject, transport: Duplex, head: Buffer): void {
  const waiting = new Map<string, SpdyStream>();
  const gone = new AbortController();
  const connection = new SpdyConnection(transport, head, (stream) => {
    const { requestid: id = String(stream.id), streamtype: type = '' } = stream.headers;
    const other = waiting.get(id);
    if (!other) {
      waiting.set(id, stream);
      stream.once('close', () => waiting.delete(id));
      return;
    }
    waiting.delete(id);
    const [data, error] = type === 'data' ? [stream, other] : [other, stream];
    void connect(nodeProxy, pod, data, error, gone.signal);
  });
  void connection.closed.then(() => gone.abort());
}

/** One connection to a port of the pod. What fails is told on the stream for errors. */
async function connect(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  data: SpdyStream,
  error: SpdyStream,
  signal: AbortSignal,
): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  const port = Number(data.headers['port']);
  const fail = (cause: unknown): void => {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (!error.writableEnded) error.end(`error forwarding port ${port} to pod ${name}: ${why}`);
  };
  error.resume();
  try {
    if (!(Number.isInteger(port) && port > 0 && port < 65_536)) throw new Error('it is no port number');
    const remote = await nodeProxy.connect(namespace, name, port, signal);
    await new Promise<void>((resolve) => {
      let open = 2;
      const done = (cause?: Error | null): void => {
        if (cause) fail(cause);
        if (--open === 0 || cause) resolve();
      };
      pipeline(data, remote, done);
      pipeline(remote, data, done);
    });
    remote.destroy();
  } catch (cause) {
    fail(cause);
  }
  if (!data.writableEnded) data.end();
  if (!error.writableEnded) error.end();
}
