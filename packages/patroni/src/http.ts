import { request as httpRequest } from 'node:http';

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

/** `SendHttp` with node:http: one connection for each call, because Patroni speaks HTTP/1.0. */
export const sendHttp: SendHttp = ({ method, host, port, path, body, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const where = `${method} http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
    const outgoing = httpRequest({
      method,
      host,
      port,
      path,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
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
