import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WatchEvent } from '../../objects/index.ts';
import { createClient } from '../connect.ts';
import type { Client } from '../client.ts';
import type { Connection } from '../connection.ts';
import type { HttpClientOptions } from '../http-client.ts';
import type { TransportOptions } from '../transport.ts';
import { testCertificates } from './certificates.ts';

/** A request as it came. */
export interface Received {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
  /** Common name of the client certificate, if any. */
  user: string | undefined;
}

/** One request and the means to answer it. */
export class Exchange {
  readonly received: Received;
  readonly #response: ServerResponse;
  readonly #raw: Socket | undefined;

  /** `raw` is the TCP connection below TLS. */
  constructor(received: Received, response: ServerResponse, raw: Socket | undefined) {
    this.received = received;
    this.#response = response;
    this.#raw = raw;
  }

  get isWatch(): boolean {
    return this.received.url.searchParams.get('watch') === 'true';
  }

  query(name: string): string | null {
    return this.received.url.searchParams.get(name);
  }

  json(code: number, body: unknown, headers: Record<string, string> = {}): void {
    this.#response
      .writeHead(code, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));
  }

  text(code: number, body: string): void {
    this.#response.writeHead(code, { 'content-type': 'text/plain' }).end(body);
  }

  /** A Status of failure. */
  status(code: number, reason: string, message: string = reason, headers: Record<string, string> = {}): void {
    this.json(
      code,
      { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message },
      headers,
    );
  }

  /** One event of a watch; the answer stays open. */
  event(type: WatchEvent['type'], object: object): void {
    this.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Bytes as they are, in a chunk of their own. */
  write(bytes: string | Uint8Array): void {
    this.open();
    this.#response.write(bytes);
  }

  /** Sends the head of a streaming answer. */
  open(): void {
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, { 'content-type': 'application/json' });
      this.#response.flushHeaders();
    }
  }

  /** Ends the answer well. */
  end(): void {
    this.open();
    this.#response.end();
  }

  /** Breaks the connection with a TCP reset. */
  reset(): void {
    this.#raw?.resetAndDestroy();
  }
}

/** What the server does with a request. */
export type Script = (exchange: Exchange) => void | Promise<void>;

/** A real HTTPS server on 127.0.0.1 that does what a test says. */
export class ScriptedServer {
  /** Replace it at any time. */
  script: Script;
  readonly requests: Received[] = [];
  readonly connection: Connection;
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(script: Script, connection: Connection) {
    this.script = script;
    this.connection = connection;
  }

  static async start(script: Script): Promise<ScriptedServer> {
    const { ca, client } = await testCertificates();
    const connection: Connection = {
      server: new URL('https://127.0.0.1'),
      ca,
      insecureSkipTlsVerify: false,
      credentials: { get: async () => ({ headers: {}, ...client }) },
      namespace: 'default',
      context: 'test',
    };
    const started = new ScriptedServer(script, connection);
    await started.listen();
    connection.server = new URL(`https://127.0.0.1:${started.#port}`);
    return started;
  }

  client(options: HttpClientOptions & TransportOptions = {}): Client {
    return createClient(this.connection, options);
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the server is stopped');
    return this.#server;
  }

  /** Listens, after `stop` on the same port again. */
  async listen(): Promise<void> {
    const { ca, server: pair } = await testCertificates();
    const server = createServer(
      { ...pair, ca, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        void this.#handle(request, response);
      },
    );
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Breaks all connections and refuses new ones. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received: Received = {
      method: request.method ?? '',
      url: new URL(request.url ?? '/', 'https://127.0.0.1'),
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      user: (request.socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined,
    };
    this.requests.push(received);
    const raw = [...this.#sockets].find(({ remotePort }) => remotePort === request.socket.remotePort);
    await this.script(new Exchange(received, response, raw));
  }
}
