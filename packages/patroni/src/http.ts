import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** IP address or name, without port. */
  host: string;
  port: number;
  path: string;
  /** JSON text. */
  body?: string;
  /** For the whole exchange. */
  timeoutMs: number;
  /** Absent: in the clear, by nobody in particular. */
  access?: RestAccess;
}

/** How a protected REST API is spoken to: over TLS, with a name and a password. */
export interface RestAccess {
  /** PEM of the authority that its certificate is from; no other is trusted. */
  ca: string;
  /** Name in the certificate, because nobody knows addresses of pods beforehand. */
  serverName: string;
  username: string;
  password: string;
}

export interface HttpAnswer {
  status: number;
  body: string;
}

/** One exchange. Throws `PatroniError` when there is no answer. */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * A call of Patroni's REST API that failed. `status` is missing when nothing answered (in time): then the call may or
 * may not have been carried out.
 */
export class PatroniError extends Error {
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PatroniError';
    this.status = status;
  }
}

/** More than this is not an answer of Patroni. */
const largestAnswer = 8 * 1024 * 1024;

/** `SendHttp` with node:http and node:https: one connection for each call, because Patroni speaks HTTP/1.0. */
export const sendHttp: SendHttp = ({ method, host, port, path, body, timeoutMs, access }) =>
  new Promise((resolve, reject) => {
    const where = `${method} ${access === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
    const outgoing = (access === undefined ? httpRequest : httpsRequest)({
      method,
      host,
      port,
      path,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(access === undefined
        ? {}
        : {
            ca: access.ca,
            servername: access.serverName,
            auth: `${access.username}:${access.password}`,
          }),
      headers:
        body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const fail = (error: Error): void => {
      const reason = error.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : error.message;
      reject(new PatroniError(`${where}: ${reason}`, undefined, { cause: error }));
    };
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > largestAnswer)
          incoming.destroy(new Error('the answer is too long to be one of Patroni'));
      });
      incoming.on('error', fail);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.end(body);
  });
