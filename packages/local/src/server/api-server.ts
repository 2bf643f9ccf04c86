import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from '@pgherd/kube/objects';
import { openApiSource } from '../openapi/index.ts';
import { badRequest, notServed } from '../registry/errors.ts';
import { toTable } from '../table/index.ts';
import { attributesOf, authenticate, authorizeOrThrow } from './access.ts';
import { escalationCheck } from './escalation.ts';
import { parseCommandRequest } from './exec-request.ts';
import { answerPath } from './path-handler.ts';
import { parseResourcePath } from './request-path.ts';
import { ResourceHandler } from './resource-handler.ts';
import { Answer, statusOf } from './respond.ts';
import type { ApiServerOptions } from './server-options.ts';
import { kubernetesVersion } from './version.ts';
import { virtualResources } from './virtual-resources.ts';
import { WatchStreams } from './watch-stream.ts';

/** Milliseconds that an idle connection is kept: well above Patroni's loop_wait, or every heartbeat shakes hands. */
const keepAlive = 120_000;

export interface ApiServer {
  /** Listens on one more address; port 0 chooses a free one. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<{ host: string; port: number }>;
  /** Lets requests under way end, ends watches, and closes all addresses. The registry stays open. */
  close(): Promise<void>;
}

/** The Kubernetes API over HTTPS. It answers once `listen` has resolved. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new HttpsApiServer(options);
}

class HttpsApiServer implements ApiServer {
  readonly #options: ApiServerOptions;
  readonly #servers = new Set<Server>();
  readonly #upgraded = new Set<Duplex>();
  readonly #watches = new WatchStreams();
  readonly #resources: ResourceHandler;
  #stopping = false;

  constructor(given: ApiServerOptions) {
    const kinds = () => [...given.registry.catalog.all(), ...virtualResources];
    const options = { toTable, openApi: openApiSource(kinds, kubernetesVersion.gitVersion), ...given };
    this.#options = options;
    options.registry.onAdmission(escalationCheck(options));
    this.#resources = new ResourceHandler(options, this.#watches);
  }

  listen(host: string, port: number): Promise<{ host: string; port: number }> {
    const { cert, key, ca } = this.#options.tls;
    const server = createServer(
      {
        cert,
        key,
        ca,
        requestCert: true,
        // Tokens are accepted too, so a connection without a certificate has to get through.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        noDelay: true,
        keepAliveTimeout: keepAlive,
        // Bodies arrive within this; watches and logs are answers and are not cut by it.
        requestTimeout: 60_000,
        headersTimeout: 30_000,
      },
      (request, response) => void this.#serve(request, response),
    );
    server.timeout = 0;
    server.on('upgrade', (request, socket: Socket, head: Buffer) => this.#upgrade(request, socket, head));
    server.on('clientError', (_error, socket: Duplex) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#options.log?.error({ err: error }, 'API server'));
        this.#servers.add(server);
        resolve({ host, port: (server.address() as AddressInfo).port });
      });
    });
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#watches.closeAll();
    for (const socket of this.#upgraded) socket.destroy();
    const closed = [...this.#servers].map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeIdleConnections();
          // What is still under way after this is cut.
          setTimeout(() => server.closeAllConnections(), 2000).unref();
        }),
    );
    await Promise.all(closed);
    this.#servers.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = new Answer(response);
    try {
      if (this.#stopping) {
        response.setHeader('Connection', 'close');
        throw stopping();
      }
      const { path, query } = splitTarget(request.url ?? '/');
      const user = authenticate(this.#options, request);
      const resource = parseResourcePath(path);
      if (resource && !isDiscovery(path)) {
        await this.#resources.handle({ path: resource, query, user, request, answer });
        return;
      }
      const verb = (request.method ?? 'GET').toLowerCase();
      authorizeOrThrow(this.#options, { user, verb, path });
      answerPath(this.#options, path, query, request, answer);
    } catch (error) {
      this.#failed(error, request);
      if (response.headersSent) response.destroy();
      else answer.fail(error);
    } finally {
      // A body that nobody read would stand before the next request on the connection.
      if (!request.complete && !request.readableEnded) request.resume();
    }
  }

  #failed(error: unknown, request: IncomingMessage): void {
    if (error instanceof ApiError && error.code !== 500) return;
    this.#options.log?.error({ err: error, method: request.method, url: request.url }, 'request failed');
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#upgraded.add(socket);
    socket.on('close', () => this.#upgraded.delete(socket));
    socket.on('error', () => socket.destroy());
    void this.#serveUpgrade(request, socket, head).catch((error: unknown) => {
      this.#failed(error, request);
      refuseUpgrade(socket, error);
    });
  }

  async #serveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    if (this.#stopping) throw stopping();
    const { path, query } = splitTarget(request.url ?? '/');
    const user = authenticate(this.#options, request);
    const resource = parseResourcePath(path);
    if (!resource || resource.plural !== 'pods') throw notServed();
    const { subresource } = resource;
    if (subresource !== 'exec' && subresource !== 'attach' && subresource !== 'portforward')
      throw notServed();
    const definition = this.#options.registry.definition(resource);
    if (!definition) throw notServed();
    const verb = request.method === 'GET' ? 'get' : 'create';
    authorizeOrThrow(this.#options, attributesOf(user, resource, verb, query));
    const protocol = (request.headers.upgrade ?? '').toLowerCase();
    if (protocol !== 'websocket' && protocol !== 'spdy/3.1') {
      throw badRequest(`unable to upgrade to ${protocol}: served are WebSocket and SPDY/3.1`);
    }
    const { nodeProxy, registry } = this.#options;
    const pod = registry.get(definition, resource.namespace, resource.name ?? '');
    if (!nodeProxy) {
      throw new ApiError(503, 'ServiceUnavailable', 'no node agent runs', { retryAfterSeconds: 1 });
    }
    // Loaded when first needed: the API is up without it.
    if (subresource === 'portforward') {
      const { servePortForward } = await import('./spdy/port-forward.ts');
      servePortForward(nodeProxy, pod, request, socket, head);
      return;
    }
    const wanted = parseCommandRequest(pod, subresource, query);
    if (protocol === 'websocket') {
      const { serveWebSocketCommand } = await import('./web-socket-command.ts');
      serveWebSocketCommand(nodeProxy, pod, wanted, request, socket, head);
    } else {
      const { serveSpdyCommand } = await import('./spdy/command.ts');
      serveSpdyCommand(nodeProxy, pod, wanted, request, socket, head);
    }
  }
}

function stopping(): ApiError {
  return new ApiError(503, 'ServiceUnavailable', 'the API server is stopping', { retryAfterSeconds: 1 });
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  try {
    decodeURIComponent(path);
  } catch {
    throw new ApiError(400, 'BadRequest', 'the path is not valid percent-encoding');
  }
  return { path, query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)) };
}

/** `/api/v1` and `/apis/GROUP/VERSION` themselves. */
function isDiscovery(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  return parts[0] === 'api' ? parts.length < 3 : parts.length < 4;
}

/** Before the protocol is switched, a failure is an ordinary answer. */
function refuseUpgrade(socket: Duplex, error: unknown): void {
  if (!socket.writable) return;
  const status = statusOf(error);
  const code = status.code ?? 500;
  const body = JSON.stringify(status);
  const retry = status.details?.retryAfterSeconds;
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n` +
      `${retry === undefined ? '' : `Retry-After: ${retry}\r\n`}\r\n${body}`,
  );
}
