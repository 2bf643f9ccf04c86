import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '@pgherd/kube/objects';
import { contentsOf } from './contents.ts';

/** Keys of the Secret with what Patroni's REST API is protected with. */
export const apiKey = {
  username: 'restapi-username',
  password: 'restapi-password',
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  certificate: 'tls.crt',
  privateKey: 'tls.key',
} as const;

/** Whoever knows the password is this user. */
export const apiUser = 'patroni';

/** Name in every certificate: the authority alone says of which cluster it is. */
export const apiServerName = 'patroni';

/** Contents by key, in clear text. */
export type ApiKeys = Readonly<Record<string, string>>;

/** What has to be made, and why. */
export interface ApiNeed {
  /** There is a Secret already. */
  exists: boolean;
  password: boolean;
  /** `renewed`: under the same key, so that members that have not read it yet trust what it signs. */
  authority: 'fresh' | 'renewed' | undefined;
  certificate: boolean;
  why: string;
}

const dayMs = 24 * 60 * 60 * 1000;
/** How long they are good for, and how long before their end others are made. */
export const certificateMs = 365 * dayMs;
const renewCertificateMs = 90 * dayMs;
export const authorityMs = 3650 * dayMs;
const renewAuthorityMs = 730 * dayMs;

/** What the Secret lacks at the moment `now`, in milliseconds since 1970; undefined when nothing. Pure. */
export function apiNeed(secret: Secret | undefined, now: number): ApiNeed | undefined {
  if (secret === undefined) {
    const why = 'the REST API of Patroni has to be protected';
    return { exists: false, password: true, authority: 'fresh', certificate: true, why };
  }
  const { text } = contentsOf(secret);
  // It stands in JSON, and has to stay what it is there.
  const isUsable = /^[\w.~+/=-]+$/.test(text.get(apiKey.password) ?? '');
  const authority = pairOf(text, apiKey.authority, apiKey.authorityKey);
  const certificate = pairOf(text, apiKey.certificate, apiKey.privateKey);
  const isOurs = authority?.ca === true && certificate?.verify(authority.publicKey) === true;
  const ends = authority?.ca === true && timeLeft(authority, now) <= renewAuthorityMs;
  const need: Omit<ApiNeed, 'why'> = {
    exists: true,
    password: !isUsable,
    authority: authority?.ca === true ? (ends ? 'renewed' : undefined) : 'fresh',
    certificate: !isOurs || certificate === undefined || timeLeft(certificate, now) <= renewCertificateMs,
  };
  if (need.authority === 'fresh' || need.password || !isOurs) {
    return { ...need, why: 'what is in it cannot be used' };
  }
  if (!ends && !need.certificate) return undefined;
  const end = (ends ? authority : certificate).validToDate.toISOString();
  return { ...need, why: `a certificate is good until ${end}` };
}

/** When the Secret lacks something next, in milliseconds since 1970; undefined when it does already. */
export function apiRenewalAt(secret: Secret | undefined): number | undefined {
  if (secret === undefined) return undefined;
  const { text } = contentsOf(secret);
  const authority = pairOf(text, apiKey.authority, apiKey.authorityKey);
  const certificate = pairOf(text, apiKey.certificate, apiKey.privateKey);
  if (authority === undefined || certificate === undefined) return undefined;
  return Math.min(
    authority.validToDate.getTime() - renewAuthorityMs,
    certificate.validToDate.getTime() - renewCertificateMs,
  );
}

/** The certificate, if it can be read and the key is its. */
function pairOf(
  text: ReadonlyMap<string, string>,
  certificateKey: string,
  privateKey: string,
): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(text.get(certificateKey) ?? '');
    const isPair = certificate.checkPrivateKey(createPrivateKey(text.get(privateKey) ?? ''));
    return isPair ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** One that is not good yet was made by a clock that is wrong, and counts as any other. */
function timeLeft(certificate: X509Certificate, now: number): number {
  return certificate.validToDate.getTime() - now;
}
