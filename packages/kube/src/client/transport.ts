import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { systemClock } from '../objects/index.ts';
import type { Clock } from '../objects/index.ts';
import type { Connection } from './connection.ts';
import type { RequestCredentials } from './credentials.ts';
import { KubeconfigError, TransportError } from './errors.ts';
import { retryAfterMs, sleep } from './retry.ts';

/** Settings of a transport; times in milliseconds. */
export interface TransportOptions {
  /** Product and version for the server's logs, e.g. `pgherd/0.1.0`. */
  userAgent?: string;
  /** Until the connection stands, TLS included. Default 10 s. */
  connectTimeoutMs?: number;
  /** Until the answer is complete; for streams until its head is there. Default 30 s. */
  requestTimeoutMs?: number;
  /** Connections that are kept while nothing is asked. Default 16. */
  maxIdleConnections?: number;
  clock?: Clock;
}

/** One HTTP request; `path` starts with `/` and carries the query. */
export interface TransportRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  /** Overrides `requestTimeoutMs`. */
  timeoutMs?: number;
}

/** A complete answer, whatever its code. */
export interface TransportAnswer {
  code: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** Answers 429 and 5xx with Retry-After are tried again so often. */
const MAX_RETRIES = 5;
/** TCP keepalive probes begin after this idle time, so that a watch notices a dead peer. */
const KEEP_ALIVE_MS = 30_000;

/**
 * HTTP to one API server over kept-alive connections. It throws `TransportError` when no answer comes and gives answers
 * of every code back. It tries again by itself where that is safe: a GET on a kept connection that the server had closed
 * meanwhile (once, on a new connection), a 401 with renewed credentials (once), and answers with Retry-After.
 */
export class Transport {
  readonly connection: Connection;
  readonly address: string;
  readonly #options: Required<TransportOptions>;
  readonly #http: typeof http | typeof https;
  #agent: { credentials: string; kept: http.Agent; fresh: http.Agent } | undefined;

  constructor(connection: Connection, options: TransportOptions = {}) {
    this.connection = connection;
    this.address = connection.server.origin;
    this.#http = connection.server.protocol === 'http:' ? http : https;
    this.#options = {
      userAgent: 'pgherd',
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      maxIdleConnections: 16,
      clock: systemClock,
      ...options,
    };
  }

  /** Sends and waits for the complete answer. Rejects with the signal's reason when aborted. */
  async request(request: TransportRequest): Promise<TransportAnswer> {
    const timer = this.#deadline(request.timeoutMs ?? this.#options.requestTimeoutMs, 'no complete answer');
    try {
      const message = await this.#send(request, timer);
      return { code: message.statusCode ?? 0, headers: message.headers, body: await readText(message) };
    } catch (error) {
      throw this.#failure(timer.expired ?? error, request.signal);
    } finally {
      timer.stop();
    }
  }

  /** Sends and gives the answer as soon as its head is there; the caller reads or destroys it. */
  async stream(request: TransportRequest): Promise<http.IncomingMessage> {
    const timer = this.#deadline(request.timeoutMs ?? this.#options.requestTimeoutMs, 'no answer');
    try {
      return await this.#send(request, timer);
    } finally {
      timer.stop();
    }
  }

  /** What a WebSocket to the same server needs. */
  async tlsAndHeaders(): Promise<{ headers: RequestCredentials['headers']; agent: http.Agent }> {
    const credentials = await this.connection.credentials.get();
    return {
      headers: { ...credentials.headers, 'user-agent': this.#options.userAgent },
      agent: this.#agents(credentials).fresh,
    };
  }

  /** Full path of a request: the server's own path prefix and `path`. */
  pathOf(path: string): string {
    return this.connection.server.pathname.replace(/\/$/, '') + path;
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent?.kept.destroy();
    this.#agent?.fresh.destroy();
    this.#agent = undefined;
  }

  async #send(request: TransportRequest, timer: Deadline): Promise<http.IncomingMessage> {
    let fresh = false;
    let renewed = false;
    for (let retries = 0; ;) {
      const outcome = await this.#attempt(request, fresh, timer);
      if ('error' in outcome) {
        const again =
          outcome.reusedSocket && !fresh && request.method === 'GET' && request.signal?.aborted !== true;
        if (!again) throw this.#failure(timer.expired ?? outcome.error, request.signal);
        fresh = true;
        continue;
      }
      const { message } = outcome;
      const code = message.statusCode ?? 0;
      if (code === 401 && !renewed && this.connection.credentials.invalidate !== undefined) {
        this.connection.credentials.invalidate();
        renewed = true;
        message.resume();
        continue;
      }
      const waitMs =
        code === 429 || code >= 500 ? retryAfterMs(message.headers['retry-after'], Date.now()) : undefined;
      if (waitMs === undefined || retries >= MAX_RETRIES) return message;
      retries++;
      message.resume();
      timer.extend(waitMs);
      await sleep(waitMs, request.signal, this.#options.clock);
    }
  }

  async #attempt(
    request: TransportRequest,
    fresh: boolean,
    timer: Deadline,
  ): Promise<{ message: http.IncomingMessage } | { error: unknown; reusedSocket: boolean }> {
    request.signal?.throwIfAborted();
    const asked = performance.now();
    const credentials = await this.connection.credentials.get();
    // A person who logs in by a credential plugin is not part of the server's time.
    timer.extend(performance.now() - asked);
    const agents = this.#agents(credentials);
    const { server } = this.connection;
    const { body } = request;
    return new Promise((resolve) => {
      const sent = this.#http.request({
        agent: fresh ? agents.fresh : agents.kept,
        // URL keeps the brackets of IPv6 addresses, node:net does not want them.
        hostname: server.hostname.replace(/^\[|\]$/g, ''),
        ...(server.port === '' ? {} : { port: server.port }),
        method: request.method,
        path: this.pathOf(request.path),
        headers: {
          accept: 'application/json',
          'user-agent': this.#options.userAgent,
          ...credentials.headers,
          ...request.headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      timer.attach(sent);
      sent.on('socket', (socket) => this.#watchSocket(socket, sent));
      sent.on('response', (message) => resolve({ message }));
      // Also catches what comes after the answer's head; the reader of the body sees that by itself.
      sent.on('error', (error) => resolve({ error, reusedSocket: sent.reusedSocket && isStale(error) }));
      sent.end(body);
    });
  }

  #watchSocket(socket: Socket, sent: http.ClientRequest): void {
    if (!socket.connecting) return;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const ms = this.#options.connectTimeoutMs;
    const timer = setTimeout(() => {
      sent.destroy(new TransportError(this.address, 'ETIMEDOUT', `no connection within ${ms / 1000} s`));
    }, ms);
    const stop = (): void => clearTimeout(timer);
    socket.once(this.#http === https ? 'secureConnect' : 'connect', stop);
    socket.once('close', stop);
  }

  #agents(credentials: RequestCredentials): { kept: http.Agent; fresh: http.Agent } {
    const { cert = '', key = '' } = credentials;
    if (this.#agent?.credentials === cert + key) return this.#agent;
    const { ca, insecureSkipTlsVerify, tlsServerName } = this.connection;
    let options: https.AgentOptions = {};
    if (this.#http === https) {
      try {
        const secureContext = createSecureContext({ ...(ca ? { ca } : {}), ...(cert ? { cert, key } : {}) });
        options = {
          secureContext,
          rejectUnauthorized: !insecureSkipTlsVerify,
          ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
        };
      } catch (error) {
        const why = (error as Error).message;
        throw new KubeconfigError(
          `context ${this.connection.context}: certificate or key is unusable: ${why}`,
          { cause: error },
        );
      }
    }
    // Requests that run keep their connections; only idle ones of the old certificate are closed.
    this.#agent?.kept.destroy();
    this.#agent = {
      credentials: cert + key,
      kept: new this.#http.Agent({
        ...options,
        keepAlive: true,
        keepAliveMsecs: KEEP_ALIVE_MS,
        maxFreeSockets: this.#options.maxIdleConnections,
      }),
      fresh: new this.#http.Agent({ ...options, keepAlive: false }),
    };
    return this.#agent;
  }

  #failure(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason;
    if (error instanceof TransportError || error instanceof KubeconfigError) return error;
    return TransportError.from(this.address, error);
  }

  #deadline(ms: number, what: string): Deadline {
    return new Deadline(
      ms,
      () => new TransportError(this.address, 'ETIMEDOUT', `${what} within ${ms / 1000} s`),
    );
  }
}

/** Destroys the request at hand when time is up. */
class Deadline {
  #at: number;
  #timer: NodeJS.Timeout | undefined;
  #request: http.ClientRequest | undefined;
  readonly #error: () => Error;
  /** The failure once time was up; a body cut off by it shows only a broken connection. */
  expired: Error | undefined;

  constructor(ms: number, error: () => Error) {
    this.#error = error;
    this.#at = performance.now() + ms;
    this.#arm();
  }

  attach(request: http.ClientRequest): void {
    this.#request = request;
  }

  extend(ms: number): void {
    this.expired = undefined;
    this.#at += ms;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.expired = this.#error();
      this.#request?.destroy(this.expired);
    }, this.#at - performance.now());
  }
}

const isStale = (error: Error): boolean =>
  ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Reads a body to its end as UTF-8. */
export async function readText(message: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
