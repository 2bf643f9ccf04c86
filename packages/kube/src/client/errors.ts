import { ApiError } from '../objects/index.ts';
import type { Status } from '../objects/index.ts';

/** What is wrong with a kubeconfig or with the credentials that it names; says the file, the place in it, and what to do. */
export class KubeconfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KubeconfigError';
  }
}

/** No answer came, or it broke off: the request may or may not have been carried out. */
export class TransportError extends Error {
  /** Node's error code (`ECONNREFUSED`, `ECONNRESET`, …), or `ETIMEDOUT` for our own time limits. */
  readonly code: string;
  /** Server that was asked, e.g. `https://127.0.0.1:6443`. */
  readonly address: string;

  constructor(address: string, code: string, what: string, options?: ErrorOptions) {
    super(`Kubernetes API server ${address}: ${what}. ${hint(code)}`, options);
    this.name = 'TransportError';
    this.code = code;
    this.address = address;
  }

  /** Wraps what node:http or node:tls threw. */
  static from(address: string, error: unknown): TransportError {
    const { code = 'UNKNOWN', message = String(error) } = error as { code?: string; message?: string };
    // node:net puts one error per address into an AggregateError whose own message is empty.
    const causes = (error as { errors?: Error[] }).errors ?? [];
    const what = message === '' ? causes.map((cause) => cause.message).join(', ') || code : message;
    return new TransportError(address, code, what, { cause: error });
  }
}

function hint(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'Nothing listens there: start the server, or correct the address in the kubeconfig.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'The name does not resolve: correct the address in the kubeconfig, or check DNS.';
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'Check that this machine reaches that address (network, VPN, firewall).';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'The connection broke off; the server may be restarting. Try again.';
    case 'CERT_HAS_EXPIRED':
      return "The server's certificate has expired: renew it.";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'The certificate is for another name: use that name as address, or set tls-server-name in the kubeconfig.';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return "The server's certificate is not signed by the certificate authority of the kubeconfig: get a current kubeconfig.";
    default:
      return 'Check that the server runs and that the kubeconfig is current.';
  }
}

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Makes an `ApiError` of a failed answer: from its Status, or, where a proxy answered something else, from the code. */
export function apiErrorFrom(code: number, body: string, asked: string): ApiError {
  const status = parseStatus(body);
  if (status !== undefined) return apiErrorFromStatus(status, code);
  const excerpt = body.trim().slice(0, 200);
  const said = excerpt === '' ? '' : `: ${excerpt}`;
  return new ApiError(code, REASONS[code] ?? 'Unknown', `${asked}: the server answered ${code}${said}`);
}

/** The same for a Status at hand, e.g. from an ERROR event of a watch. */
export function apiErrorFromStatus(status: Partial<Status>, code: number = status.code ?? 500): ApiError {
  const reason = status.reason ?? REASONS[code] ?? 'Unknown';
  return new ApiError(code, reason, status.message ?? reason, status.details);
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const isStatus = typeof parsed === 'object' && parsed !== null && (parsed as Status).kind === 'Status';
    return isStatus ? (parsed as Status) : undefined;
  } catch {
    return undefined;
  }
}

const isApiError = (error: unknown, code: number, ...reasons: string[]): boolean =>
  error instanceof ApiError &&
  error.code === code &&
  (reasons.length === 0 || reasons.includes(error.reason));

/** The object (or the whole resource type) does not exist. */
export const isNotFound = (error: unknown): boolean => isApiError(error, 404);

/** Somebody else changed the object meanwhile, or server-side apply met another manager's field. */
export const isConflict = (error: unknown): boolean => isApiError(error, 409, 'Conflict');

/** The object to be created exists. */
export const isAlreadyExists = (error: unknown): boolean => isApiError(error, 409, 'AlreadyExists');

/** The resourceVersion or continue token is too old: list again. */
export const isExpired = (error: unknown): boolean => isApiError(error, 410);
