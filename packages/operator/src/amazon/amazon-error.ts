/**
 * What came of a request to Amazon's API:
 * - `denied`: the account may not do that;
 * - `credentials`: there are none, or they are not (or no longer) those of anybody;
 * - `throttled`: too many requests of this account at the moment;
 * - `missing`: there is no such volume in this region;
 * - `cooling`: the volume was modified a short time ago, and cannot be again yet;
 * - `refused`: Amazon does not do that with this volume;
 * - `unreachable`: no answer, or one that is none.
 */
export type AmazonErrorKind =
  | 'denied'
  | 'credentials'
  | 'throttled'
  | 'missing'
  | 'cooling'
  | 'refused'
  | 'unreachable';

/** A request to Amazon's API that failed. The message says what Amazon said, never with a credential in it. */
export class AmazonError extends Error {
  readonly kind: AmazonErrorKind;
  /** Amazon's word for it, e.g. `UnauthorizedOperation`; undefined when nothing was answered. */
  readonly code: string | undefined;

  constructor(kind: AmazonErrorKind, message: string, code?: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'AmazonError';
    this.kind = kind;
    this.code = code;
  }
}

/** Codes of EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const kindsByCode: Record<string, AmazonErrorKind> = {
  UnauthorizedOperation: 'denied',
  AccessDenied: 'denied',
  AuthFailure: 'credentials',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClientException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  RequestExpired: 'credentials',
  ExpiredToken: 'credentials',
  RequestLimitExceeded: 'throttled',
  Throttling: 'throttled',
  'InvalidVolume.NotFound': 'missing',
  VolumeModificationRateExceeded: 'cooling',
  IncorrectModificationState: 'cooling',
};

/** The kind of an error that Amazon answered. */
export function kindOf(code: string, status: number): AmazonErrorKind {
  return kindsByCode[code] ?? (status >= 500 ? 'unreachable' : 'refused');
}
