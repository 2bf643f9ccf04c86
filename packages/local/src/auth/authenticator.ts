import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ApiError } from '@pgherd/kube/objects';
import type { Clock, KubeObject } from '@pgherd/kube/objects';
import type { Registry, User } from '../registry/registry.ts';
import type { Authenticator } from './auth.ts';
import { verifyJwt } from './jwt.ts';
import type { ServiceAccountClaims } from './jwt.ts';
import { ISSUER } from './token-issuer.ts';

/** Group of everybody who has proved who he is. */
export const AUTHENTICATED = 'system:authenticated';
/** Signatures are costly and tokens come with each request: good ones are remembered. */
const REMEMBERED_TOKENS = 256;

/** What credentials are checked against. */
export interface AuthenticatorOptions {
  registry: Pick<Registry, 'get'>;
  clock: Clock;
  /** Private (or public) key PEM of service account tokens. */
  serviceAccountKey: string;
}

/**
 * Client certificates are trusted as far as the TLS layer does: the server must be made with `requestCert: true`,
 * `rejectUnauthorized: false` and `ca` set to the instance's authority, and to nothing else.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { registry, clock } = options;
  const key = createPublicKey(createPrivateKey(options.serviceAccountKey));
  const verified = new Map<string, ServiceAccountClaims>();
  const certificates = new WeakMap<TLSSocket, User | undefined>();

  const claimsOf = (token: string): ServiceAccountClaims | undefined => {
    const known = verified.get(token);
    if (known) return known;
    const claims = verifyJwt(token, key);
    if (!claims || !isServiceAccountClaims(claims)) return undefined;
    const oldest = verified.keys().next();
    if (verified.size >= REMEMBERED_TOKENS && !oldest.done) verified.delete(oldest.value);
    verified.set(token, claims);
    return claims;
  };

  const authenticateToken = (token: string, audiences: string[] = [ISSUER]): User | undefined => {
    const claims = claimsOf(token);
    const now = clock.now() / 1000;
    if (!claims || claims.iss !== ISSUER || now >= claims.exp || now < claims.nbf) return undefined;
    if (!claims.aud.some((audience) => audiences.includes(audience))) return undefined;
    const bound = claims['kubernetes.io'];
    const { namespace, serviceaccount } = bound;
    if (claims.sub !== `system:serviceaccount:${namespace}:${serviceaccount.name}`) return undefined;
    const alive =
      exists(registry, 'serviceaccounts', namespace, serviceaccount, now) &&
      (!bound.pod || exists(registry, 'pods', namespace, bound.pod, now)) &&
      (!bound.secret || exists(registry, 'secrets', namespace, bound.secret, now));
    if (!alive) return undefined;
    return {
      ...serviceAccountUser(namespace, serviceaccount.name, serviceaccount.uid),
      extra: extraOf(claims),
    };
  };

  return {
    authenticateToken,
    authenticate(request: IncomingMessage): User | undefined {
      const { socket } = request;
      if (socket instanceof TLSSocket && socket.authorized) {
        if (!certificates.has(socket)) certificates.set(socket, certificateUser(socket));
        const user = certificates.get(socket);
        if (user) return user;
      }
      const token = bearerToken(request.headers.authorization);
      return token === undefined ? undefined : authenticateToken(token);
    },
  };
}

/** The user that a service account's token stands for. */
export function serviceAccountUser(namespace: string, name: string, uid?: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    ...(uid === undefined ? {} : { uid }),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
  };
}

const prefix = 'authentication.kubernetes.io';

/** Which token it is, and which pod it was made for. */
function extraOf({ jti, 'kubernetes.io': { pod } }: ServiceAccountClaims): Record<string, string[]> {
  return {
    ...(jti === undefined ? {} : { [`${prefix}/credential-id`]: [`JTI=${jti}`] }),
    ...(pod ? { [`${prefix}/pod-name`]: [pod.name], [`${prefix}/pod-uid`]: [pod.uid] } : {}),
  };
}

/** `status` of a TokenReview for its `spec`. */
export function reviewToken(
  authenticator: Authenticator,
  spec: { token?: string; audiences?: string[] },
): Record<string, unknown> {
  const audiences = spec.audiences && spec.audiences.length > 0 ? spec.audiences : [ISSUER];
  const user = spec.token ? authenticator.authenticateToken(spec.token, audiences) : undefined;
  if (!user) return { authenticated: false, user: {} };
  return { authenticated: true, user: userInfo(user), audiences };
}

/** A user as reviews tell of one. */
export function userInfo({ name, uid, groups, extra = {} }: User): Record<string, unknown> {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    groups,
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

function bearerToken(header: string | undefined): string | undefined {
  const match = /^bearer +([^ ]+) *$/i.exec(header ?? '');
  return match?.[1];
}

/** Kubernetes' rule: common name is the user, each organization a group. */
function certificateUser(socket: TLSSocket): User | undefined {
  const subject = socket.getPeerCertificate().subject as Record<string, string | string[]> | undefined;
  const names = [subject?.['CN'] ?? []].flat();
  const name = names[0];
  if (!name) return undefined;
  return { name, groups: [...[subject?.['O'] ?? []].flat(), AUTHENTICATED] };
}

/** An object that was made anew, or whose deletion is more than a minute overdue, no longer vouches for a token. */
function exists(
  registry: Pick<Registry, 'get'>,
  plural: string,
  namespace: string,
  reference: { name: string; uid: string },
  now: number,
): boolean {
  let object: KubeObject;
  try {
    object = registry.get({ group: '', version: 'v1', plural }, namespace, reference.name);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return false;
    throw error;
  }
  const { uid, deletionTimestamp } = object.metadata;
  if (uid !== reference.uid) return false;
  return deletionTimestamp === undefined || Date.parse(deletionTimestamp) / 1000 + 60 > now;
}

function isServiceAccountClaims(
  claims: Record<string, unknown>,
): claims is Record<string, unknown> & ServiceAccountClaims {
  const bound = claims['kubernetes.io'] as Partial<ServiceAccountClaims['kubernetes.io']> | undefined;
  return (
    typeof claims['iss'] === 'string' &&
    typeof claims['sub'] === 'string' &&
    typeof claims['exp'] === 'number' &&
    typeof claims['nbf'] === 'number' &&
    Array.isArray(claims['aud']) &&
    typeof bound?.namespace === 'string' &&
    typeof bound.serviceaccount?.name === 'string' &&
    typeof bound.serviceaccount.uid === 'string'
  );
}
