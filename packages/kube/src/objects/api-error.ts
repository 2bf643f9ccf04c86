/** `status.details.causes[]` of a Status: one field that is wrong. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** The `Status` object that Kubernetes answers for every failure (and for some successes). */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
  code?: number;
}

/**
 * A failure in Kubernetes' own terms: HTTP code, machine-readable reason, message for people.
 * The local API server throws it, the client makes it from an answer, so both sides share one type.
 */
export class ApiError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: Status['details']) {
    super(message);
    this.name = 'ApiError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details ? { details } : {}),
      code,
    };
  }

  /** HTTP status code. */
  get code(): number {
    return this.status.code ?? 500;
  }

  /** Machine-readable reason, e.g. `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Expired`. */
  get reason(): string {
    return this.status.reason ?? '';
  }
}
