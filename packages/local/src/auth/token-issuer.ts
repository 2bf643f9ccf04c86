import { createPrivateKey, randomUUID } from 'node:crypto';
import { ApiError } from '@pgherd/kube/objects';
import type { Clock } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';
import type { TokenIssuer } from './auth.ts';
import { jwks, signJwt } from './jwt.ts';

/** Issuer and default audience of all service account tokens, as kubeadm sets them. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** What tokens are made with. */
export interface TokenIssuerOptions {
  registry: Pick<Registry, 'get'>;
  clock: Clock;
  /** PKCS #8 PEM of a P-256 key. */
  serviceAccountKey: string;
}

/** Kubernetes' bounds of `expirationSeconds` in a TokenRequest. */
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/**
 * `issue` throws 404 when the service account (or the bound object) does not exist, 409 when the bound object has
 * another uid, 422 when the lifetime is out of bounds.
 */
export function createTokenIssuer({ registry, clock, serviceAccountKey }: TokenIssuerOptions): TokenIssuer {
  const key = createPrivateKey(serviceAccountKey);
  return {
    issue({ namespace, serviceAccount, audiences, expirationSeconds, boundObject }) {
      if (expirationSeconds < MIN_SECONDS || expirationSeconds > MAX_SECONDS) {
        throw invalidExpiration(serviceAccount, expirationSeconds);
      }
      const account = registry.get(
        { group: '', version: 'v1', plural: 'serviceaccounts' },
        namespace,
        serviceAccount,
      );
      if (boundObject) {
        const plural = boundObject.kind === 'Pod' ? 'pods' : 'secrets';
        const bound = registry.get({ group: '', version: 'v1', plural }, namespace, boundObject.name);
        if (bound.metadata.uid !== boundObject.uid) {
          throw new ApiError(
            409,
            'Conflict',
            `the UID in the bound object reference (${boundObject.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
          );
        }
      }
      const issuedAt = Math.floor(clock.now() / 1000);
      const exp = issuedAt + Math.floor(expirationSeconds);
      const reference = boundObject && { name: boundObject.name, uid: boundObject.uid };
      const token = signJwt(
        {
          aud: audiences && audiences.length > 0 ? audiences : [ISSUER],
          exp,
          iat: issuedAt,
          iss: ISSUER,
          jti: randomUUID(),
          'kubernetes.io': {
            namespace,
            ...(reference ? (boundObject.kind === 'Pod' ? { pod: reference } : { secret: reference }) : {}),
            serviceaccount: { name: serviceAccount, uid: account.metadata.uid ?? '' },
          },
          nbf: issuedAt,
          sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
        },
        key,
      );
      return { token, expirationTimestamp: new Date(exp * 1000).toISOString().replace('.000Z', 'Z') };
    },
  };
}

/** The documents at `/.well-known/openid-configuration` and `/openid/v1/jwks`. */
export function discoveryDocuments(
  serviceAccountKey: string,
  serverUrl: string,
): { configuration: Record<string, unknown>; jwks: Record<string, unknown> } {
  return {
    configuration: {
      issuer: ISSUER,
      jwks_uri: `${serverUrl}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    },
    jwks: jwks(createPrivateKey(serviceAccountKey)),
  };
}

function invalidExpiration(name: string, seconds: number): ApiError {
  const bound =
    seconds < MIN_SECONDS
      ? 'may not specify a duration less than 10 minutes'
      : 'may not specify a duration larger than 2^32 seconds';
  const message = `Invalid value: ${seconds}: ${bound}`;
  return new ApiError(
    422,
    'Invalid',
    `TokenRequest.authentication.k8s.io "${name}" is invalid: spec.expirationSeconds: ${message}`,
    {
      name,
      group: 'authentication.k8s.io',
      kind: 'TokenRequest',
      causes: [{ reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' }],
    },
  );
}
