import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Claims of a service account token, as Kubernetes writes them. Times are seconds since 1970. */
export interface ServiceAccountClaims {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  iat: number;
  nbf: number;
  jti?: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    secret?: { name: string; uid: string };
  };
}

/** RFC 7638-like key id, as Kubernetes makes it: SHA-256 of the public key's DER, base64url. */
export function keyId(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

/** Compact JWS with ES256. `key` is a P-256 private key. */
export function signJwt(claims: ServiceAccountClaims, key: KeyObject): string {
  const header = encode({ alg: 'ES256', kid: keyId(key) });
  const payload = encode(claims);
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${header}.${payload}.${signature.toString('base64url')}`;
}

/**
 * Claims of a token with a good signature by `key`, `undefined` otherwise. Only ES256 is accepted, whatever the
 * header asks for. Neither times nor audiences are looked at.
 */
export function verifyJwt(token: string, key: KeyObject): Record<string, unknown> | undefined {
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) return undefined;
  if (decode(header)?.['alg'] !== 'ES256') return undefined;
  const good = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  return good ? decode(payload) : undefined;
}

/** JSON Web Key Set of the public half, as `/openid/v1/jwks` serves it. */
export function jwks(key: KeyObject): { keys: Record<string, unknown>[] } {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return { keys: [{ use: 'sig', kid: keyId(key), alg: 'ES256', ...publicKey.export({ format: 'jwk' }) }] };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
