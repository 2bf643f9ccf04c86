import type { IncomingMessage } from 'node:http';
import type { RequestInfo } from './client.ts';
import { apiErrorFrom } from './errors.ts';
import { readText } from './transport.ts';
import type { Transport } from './transport.ts';

/** One request in the client's terms. */
export interface Call {
  /** As `RequestInfo` names it. */
  verb: string;
  /** Plural, with subresource. */
  resource: string;
  method: string;
  path: string;
  signal?: AbortSignal | undefined;
  /** Becomes JSON. */
  body?: unknown;
  contentType?: string | undefined;
}

/** Carries out calls: counts each, and turns an answer of failure into an `ApiError`. */
export class Calls {
  readonly #transport: Transport;
  readonly #onRequest: (info: RequestInfo) => void;

  constructor(transport: Transport, onRequest: (info: RequestInfo) => void) {
    this.#transport = transport;
    this.#onRequest = onRequest;
  }

  /** The answer's JSON. */
  async json<R>(call: Call): Promise<R> {
    const { method, path, body, contentType = 'application/json' } = call;
    const request = {
      method,
      path,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': contentType } }),
    };
    const answer = await this.#counted(
      call,
      () => this.#transport.request(request),
      ({ code }) => code,
    );
    if (answer.code < 200 || answer.code > 299) throw apiErrorFrom(answer.code, answer.body, askedFor(call));
    try {
      return JSON.parse(answer.body) as R;
    } catch {
      throw apiErrorFrom(502, answer.body, `${askedFor(call)}: no JSON`);
    }
  }

  /** The answer as it comes in. */
  async stream(call: Call): Promise<IncomingMessage> {
    const { method, path, signal } = call;
    const message = await this.#counted(
      call,
      () => this.#transport.stream({ method, path, ...(signal === undefined ? {} : { signal }) }),
      ({ statusCode = 0 }) => statusCode,
    );
    const { statusCode = 0 } = message;
    if (statusCode === 200) return message;
    throw apiErrorFrom(statusCode, await readText(message).catch(() => ''), askedFor(call));
  }

  /** Counts a call that went another way; `started` is of `performance.now()`. */
  report(verb: string, resource: string, code: number, started: number): void {
    try {
      this.#onRequest({ verb, resource, code, ms: performance.now() - started });
    } catch {
      // Counting must not break what it counts.
    }
  }

  async #counted<R>(call: Call, send: () => Promise<R>, codeOf: (answer: R) => number): Promise<R> {
    const started = performance.now();
    let code = 0;
    try {
      const answer = await send();
      code = codeOf(answer);
      return answer;
    } finally {
      this.report(call.verb, call.resource, code, started);
    }
  }
}

/** Method and path for messages, without the query. */
const askedFor = ({ method, path }: Call): string => `${method} ${path.split('?')[0]}`;
