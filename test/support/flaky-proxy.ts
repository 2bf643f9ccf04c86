import { Agent, createServer, request, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** An API server that answers only sometimes. */
export interface Flakiness {
  /** Share of requests that are answered as if nothing were wrong, 0 to 1. */
  answered: number;
  /** What becomes of the others: no answer ever, the connection closed, or `503 Service Unavailable`. */
  otherwise: 'hang' | 'close' | '503';
  /** After so many seconds a watch that was answered ends without a word, as its server may. */
  watchSeconds: number;
}

/** How the proxy serves and asks. */
export interface FlakyProxyOptions {
  flakiness: Flakiness;
  upstream: { host: string; port: number; ca: string };
  /** PEM. */
  server: { cert: string; key: string };
  /** Presented for requests without a token; PEM. */
  client: { cert: string | undefined; key: string | undefined };
}

/** An HTTPS proxy before the API server that decides for each request whether it is answered. */
export class FlakyProxy {
  readonly #options: FlakyProxyOptions;
  readonly #server: Server;
  readonly #anonymous: Agent;
  readonly #certified: Agent;
  readonly #sockets = new Set<Duplex>();

  private constructor(options: FlakyProxyOptions) {
    this.#options = options;
    const { ca } = options.upstream;
    this.#anonymous = new Agent({ ca, keepAlive: true });
    this.#certified = new Agent({ ca, keepAlive: true, ...options.client });
    this.#server = createServer({ ...options.server, keepAliveTimeout: 75_000, requestTimeout: 0 });
    this.#server.on('request', (incoming, answer) => this.#onRequest(incoming, answer));
    // Commands in containers would come this way.
    this.#server.on('upgrade', (_incoming, socket) => socket.destroy());
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** On a free port of every address. */
  static async start(options: FlakyProxyOptions): Promise<FlakyProxy> {
    const proxy = new FlakyProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '0.0.0.0', resolve);
    });
    return proxy;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.#anonymous.destroy();
    this.#certified.destroy();
    await closed;
  }

  #onRequest(incoming: IncomingMessage, answer: ServerResponse): void {
    const { answered, otherwise } = this.#options.flakiness;
    if (Math.random() < answered) {
      this.#pass(incoming, answer);
      return;
    }
    // What is not read keeps its connection from being of use to the next request.
    incoming.resume();
    if (otherwise === 'close') incoming.socket.destroy();
    if (otherwise === '503') {
      const body = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 503,
        reason: 'ServiceUnavailable',
      };
      answer.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const { upstream, flakiness } = this.#options;
    const { method, url = '', headers } = incoming;
    const agent = headers.authorization === undefined ? this.#certified : this.#anonymous;
    const outgoing = request({ host: upstream.host, port: upstream.port, method, path: url, headers, agent });
    outgoing.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      answer.flushHeaders();
      response.pipe(answer);
      response.once('error', () => answer.destroy());
    });
    outgoing.once('error', () => incoming.socket.destroy());
    incoming.pipe(outgoing);
    const ends = /[?&]watch=(true|1)/i.test(url)
      ? setTimeout(() => incoming.socket.destroy(), flakiness.watchSeconds * 1000)
      : undefined;
    answer.once('close', () => {
      clearTimeout(ends);
      outgoing.destroy();
    });
  }
}
