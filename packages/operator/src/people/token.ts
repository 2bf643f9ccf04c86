import type { Secret } from '@pgherd/kube/objects';

/** The token for the Teams API, as it stands in its Secret now. */
export interface Token {
  /** Undefined: there is none. */
  value: string | undefined;
  /** Another one when the Secret is another one. Never the token itself. */
  version: string;
  /** Why there is none, and what to do. */
  problem: string;
}

/** Keys of the Secret, which other programs write. */
const typeKey = 'read-only-token-type';
const tokenKey = 'read-only-token-secret';

/** Reads the token from the Secret called `where` (`namespace/name`); undefined: there is no such Secret. */
export function tokenOf(secret: Secret | undefined, where: string): Token {
  const version = secret?.metadata?.resourceVersion ?? '';
  const none = (problem: string): Token => ({ value: undefined, version, problem });
  if (where === '') return none('oauth_token_secret_name names no Secret with the token for the Teams API');
  if (secret === undefined) return none(`there is no Secret ${where} with the token for the Teams API`);
  const read = (key: string) =>
    Buffer.from(secret.data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim();
  const type = read(typeKey);
  if (type.toLowerCase() !== 'bearer')
    return none(`Secret ${where} has "${type.slice(0, 20)}" for ${typeKey}, and must have "Bearer"`);
  const value = read(tokenKey);
  return value === '' ? none(`Secret ${where} has no ${tokenKey}`) : { value, version, problem: '' };
}
