import type { ServerResponse } from 'node:http';
import { ApiError, type Status } from '@pgherd/kube/objects';
import { stringify as toYaml } from 'yaml';

/** One answer under way: collects warnings, knows how to write objects. */
export class Answer {
  readonly response: ServerResponse;
  encoding: 'json' | 'yaml' = 'json';
  pretty = false;
  readonly #warnings = new Set<string>();

  constructor(response: ServerResponse) {
    this.response = response;
  }

  /** Becomes a `Warning` header; each text once. */
  warn = (message: string): void => {
    this.#warnings.add(message);
  };

  /** Sends a JSON value that is no longer changed. */
  send(code: number, value: unknown): void {
    const body =
      this.encoding === 'yaml' ? toYaml(value) : JSON.stringify(value, undefined, this.pretty ? 2 : 0) + '\n';
    this.sendText(code, this.encoding === 'yaml' ? 'application/yaml' : 'application/json', body);
  }

  sendText(code: number, contentType: string, body: string | Buffer): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    this.warningHeaders();
    response.writeHead(code, {
      'Content-Type': contentType,
      'Content-Length': length,
      'Cache-Control': 'no-cache, private',
    });
    response.end(body);
  }

  /** Sends a failure as a Status. */
  fail(error: unknown): void {
    const status = statusOf(error);
    const seconds = status.details?.retryAfterSeconds;
    if (seconds !== undefined && !this.response.headersSent) {
      this.response.setHeader('Retry-After', String(seconds));
    }
    this.send(status.code ?? 500, status);
  }

  warningHeaders(): void {
    if (this.#warnings.size === 0) return;
    const values = [...this.#warnings].map((text) => `299 - ${quote(text)}`);
    this.response.setHeader('Warning', values);
  }
}

/** Header values are ASCII without control characters; others would be refused by the HTTP layer. */
function quote(text: string): string {
  const ascii = text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, String.raw`\$&`);
  return `"${ascii}"`;
}

/** What went wrong as a Status; anything that is no ApiError is our own defect: 500. */
export function statusOf(error: unknown): Status {
  if (error instanceof ApiError) return error.status;
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError(500, 'InternalError', `Internal error occurred: ${why}`, {
    causes: [{ message: why }],
  }).status;
}
