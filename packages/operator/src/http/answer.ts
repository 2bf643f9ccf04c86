/** What is answered to a request. */
export interface Answer {
  status: number;
  /** JSON, or a text with its own type. */
  body: unknown;
  /** Default: JSON. */
  contentType?: string;
  headers?: Record<string, string>;
}

export function json(body: unknown, status = 200): Answer {
  return { status, body };
}

export function text(body: string, status = 200, contentType = 'text/plain; charset=utf-8'): Answer {
  return { status, body, contentType };
}

/** An error in the shape that Zalando's operator gives it. */
export function failure(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return { status, body: { error: message }, headers };
}
