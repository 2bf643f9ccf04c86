import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Access } from './access.ts';
import { failure, type Answer } from './answer.ts';
import { browserTrouble, isLoopback } from './browser.ts';
import { match, type Route } from './route.ts';

/** What is served, and to whom. */
export interface HttpOptions {
  /** Address to listen on; undefined for all. */
  host: string | undefined;
  /** 0 takes a free one. */
  port: number;
  routes: readonly Route[];
  /** Decides about everybody who does not come from loopback. */
  access: Pick<Access, 'mayGet'>;
  /** This process, and the one that leads; told with every answer. */
  leadership: () => { identity: string; leader: string };
  /** Takes credentials out of the texts of errors. */
  clean: (text: string) => string;
  /** Told of every answer, by the path of its route; '' for none. */
  onAnswer: (path: string, status: number) => void;
}

/** A server that listens. */
export interface HttpServer {
  port: number;
  close(): Promise<void>;
}

/** Serves the operator's HTTP API. Throws when the port is taken. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, onAnswer } = options;
  const server = createServer((request, response) => {
    void respond(request, response, options).then(
      (path) => onAnswer(path, response.statusCode),
      () => response.destroy(),
    );
  });
  // An idle connection is nobody's friend; a request without a body is sent at once.
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`${host ?? '*'}:${port}: ${(cause as Error).message}; choose another port`, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers, and tells the path of the route that did. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
): Promise<string> {
  const path = pathOf(request);
  const found = match(options.routes, path);
  const route = found !== undefined && 'route' in found ? found.route : undefined;
  const refused = route?.open === true ? undefined : await refusal(request, path, options);
  let answer: Answer;
  if (refused !== undefined) answer = refused;
  else if (request.method !== 'GET' && request.method !== 'HEAD') {
    answer = failure(405, 'only GET and HEAD are served here', { allow: 'GET, HEAD' });
  } else if (found === undefined) answer = notFound(path);
  else if ('redirect' in found) {
    const query = (request.url ?? '').split('?').slice(1).join('?');
    const location = query === '' ? found.redirect : `${found.redirect}?${query}`;
    answer = { status: 301, body: { moved: location }, headers: { location } };
  } else answer = await handle(found.route, found.parameters, options);
  send(response, answer, options);
  return route?.path ?? '';
}

function pathOf(request: IncomingMessage): string {
  const [path = '/'] = (request.url ?? '/').split('?');
  return path.startsWith('/') ? path : '/';
}

async function handle(
  route: Route,
  parameters: Record<string, string>,
  { clean }: HttpOptions,
): Promise<Answer> {
  try {
    return await route.handle(parameters);
  } catch (error) {
    return failure(500, clean(error instanceof Error ? error.message : String(error)));
  }
}

/** Why the request is not answered; undefined when it is. */
async function refusal(
  request: IncomingMessage,
  path: string,
  { access }: HttpOptions,
): Promise<Answer | undefined> {
  const { headers, socket } = request;
  const fromLoopback = isLoopback(socket.remoteAddress, headers);
  const trouble = browserTrouble(headers, fromLoopback);
  if (trouble !== undefined) return failure(403, trouble);
  if (fromLoopback) return undefined;
  const { status, message } = await access.mayGet(path, headers.authorization);
  if (status === 200) return undefined;
  return failure(status, message, status === 401 ? { 'www-authenticate': 'Bearer' } : {});
}

/** Below these Zalando's operator answers 500 to whatever it does not know, and scripts look for `error`. */
function notFound(path: string): Answer {
  const isTheirs = /^\/(clusters|workers)\//.test(path);
  return failure(isTheirs ? 500 : 404, `there is no ${path}; /openapi.json tells what there is`);
}

function send(response: ServerResponse, answer: Answer, { leadership }: HttpOptions): void {
  const { status, body, contentType = 'application/json' } = answer;
  const { identity, leader } = leadership();
  const text = answer.contentType === undefined ? JSON.stringify(body) : String(body);
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'x-pgherd-identity': headerOf(identity),
    'x-pgherd-leader': headerOf(leader),
    ...answer.headers,
  });
  response.end(text);
}

/** A header takes no line breaks and no letters beyond ASCII. */
function headerOf(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
