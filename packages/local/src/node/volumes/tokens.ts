import { readFileSync } from 'node:fs';
import type { Clock, Pod } from '@pgherd/kube/objects';
import type { TokenIssuer } from '../../auth/auth.ts';

/** A token is replaced when this part of its life is over, or after a day. Kubernetes' numbers. */
const USED_UP = 0.8;
const LONGEST_USE_SECONDS = 24 * 3600;

/** Answers the token that is in `file` as long as it is fresh, else a new one. Nothing else is remembered. */
export function currentToken(
  issuer: TokenIssuer,
  clock: Clock,
  pod: Pod,
  file: string,
  request: { audience?: string; expirationSeconds: number },
): string {
  const existing = read(file);
  const { name = '', namespace = 'default', uid = '' } = pod.metadata;
  if (existing !== undefined && refreshAt(existing) > clock.now() / 1000) return existing;
  return issuer.issue({
    namespace,
    serviceAccount: pod.spec?.serviceAccountName ?? 'default',
    ...(request.audience === undefined ? {} : { audiences: [request.audience] }),
    expirationSeconds: request.expirationSeconds,
    boundObject: { kind: 'Pod', name, uid },
  }).token;
}

/** When (seconds since 1970) the token should be replaced; 0 when it cannot be read. */
export function refreshAt(token: string): number {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { iat, exp } = payload as { iat?: number; exp?: number };
    if (iat === undefined || exp === undefined) return 0;
    return iat + Math.min((exp - iat) * USED_UP, LONGEST_USE_SECONDS);
  } catch {
    return 0;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
