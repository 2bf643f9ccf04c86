import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { EngineError } from './engine.ts';
import type { Engine } from './engine.ts';

/** A request's line and options; the socket and the body are added. */
type Call = Omit<RequestOptions, 'headers'> & { headers?: Record<string, string> };

/** What `GET /version` answers, as far as pgherd reads it. */
interface VersionAnswer {
  Version?: string;
  ApiVersion?: string;
  Components?: { Name?: string }[];
}

/**
 * Engine over the unix socket of podman or Docker. Connections are kept alive for JSON requests; streams and
 * hijacked connections get one of their own.
 */
export function createEngine(socketPath: string): Engine & { readonly socketPath: string; close(): void } {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });

  function start(options: Call, body: unknown): ClientRequest {
    const raw = Buffer.isBuffer(body);
    const payload = body === undefined ? undefined : raw ? body : Buffer.from(JSON.stringify(body));
    const headers = {
      ...(payload === undefined ? {} : { 'Content-Type': raw ? 'application/x-tar' : 'application/json' }),
      'Content-Length': payload?.length ?? 0,
      ...options.headers,
    };
    // The path is never allowed to name another host: the socket decides who answers.
    const call = httpRequest({ ...options, socketPath, headers, host: 'engine' });
    call.end(payload);
    return call;
  }

  function answer(options: Call, body: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = start(options, body);
      call.once('error', (cause) =>
        reject(cause.name === 'AbortError' ? cause : unreachable(socketPath, cause)),
      );
      call.once('response', (response) => {
        if ((response.statusCode ?? 500) < 400) resolve(response);
        else readAll(response).then((text) => reject(engineError(response, text)), reject);
      });
    });
  }

  async function jsonRequest<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await answer({ method, path, agent }, body);
    return parseJson(await readAll(response)) as T;
  }

  return {
    socketPath,
    close: () => agent.destroy(),

    async version() {
      const found = await jsonRequest<VersionAnswer>('GET', '/version');
      const podman = (found.Components ?? []).some((component) => /podman/i.test(component.Name ?? ''));
      return {
        engine: podman ? 'podman' : 'docker',
        version: found.Version ?? 'unknown',
        apiVersion: found.ApiVersion ?? 'unknown',
      };
    },

    request: jsonRequest,

    stream(method, path, body, signal) {
      return answer({ method, path, agent: false, ...(signal ? { signal } : {}) }, body);
    },

    hijack(method, path, body) {
      return new Promise<Duplex>((resolve, reject) => {
        const headers = { Connection: 'Upgrade', Upgrade: 'tcp' };
        const call = start({ method, path, agent: false, headers }, body);
        call.once('error', (cause) => reject(unreachable(socketPath, cause)));
        call.once('upgrade', (_response, socket, head) => {
          // A write may still fail when its reader has left; who reads hears of errors in any case.
          socket.on('error', () => {});
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        call.once('response', (response) => {
          readAll(response).then((text) => reject(engineError(response, text)), reject);
        });
      });
    },
  };
}

function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', reject);
    response.once('aborted', () =>
      reject(new EngineError(0, 'the container engine closed the connection in the middle of its answer')),
    );
  });
}

/** JSON where it is JSON; the text itself otherwise (some endpoints answer several JSON lines). */
function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function engineError(response: IncomingMessage, text: string): EngineError {
  const parsed = parseJson(text);
  const said =
    typeof parsed === 'object' && parsed !== null && 'message' in parsed ? String(parsed.message) : text;
  return new EngineError(response.statusCode ?? 500, said.trim() || `HTTP ${response.statusCode ?? 0}`);
}

function unreachable(socketPath: string, cause: Error): EngineError {
  return new EngineError(0, `no answer from the container engine at ${socketPath}: ${cause.message}`);
}
