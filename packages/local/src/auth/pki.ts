import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from '@pgherd/kube/certificates';
import type { Clock } from '@pgherd/kube/objects';
import { readFileIfExists, writeFileAtomic } from './atomic-file.ts';

/** Everything that an instance proves its identity with. */
export interface Pki {
  /** PEM of the instance's own certificate authority: `kube-root-ca.crt`, and trust anchor of client certificates. */
  caCertificate: string;
  /** Presented by the API server. */
  server: KeyPair;
  /** Client certificate of user `kubernetes-admin`, group `system:masters`. */
  admin: KeyPair;
  /** Private key (PKCS #8 PEM, P-256) that signs service account tokens. */
  serviceAccountKey: string;
}

/** What the certificates must be good for. */
export interface PkiOptions {
  /** IP addresses of the server certificate. */
  ips: string[];
  /** DNS names of the server certificate. */
  dnsNames: string[];
  clock: Clock;
}

const DAY = 24 * 60 * 60 * 1000;
const CA_LIFETIME = 3650 * DAY;
const LEAF_LIFETIME = 365 * DAY;
/** Leaves are issued anew when they have less than this left. */
const RENEW_BEFORE = 30 * DAY;

/**
 * Reads keys and certificates from `directory` and makes those that are missing, broken, about to expire, or (server
 * certificate) for other names. The authority is kept as long as it is whole, so that kubeconfigs stay valid.
 * Files are readable by their owner only and written atomically; a kill half-way is mended by the next call.
 */
export async function ensurePki(directory: string, options: PkiOptions): Promise<Pki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const now = options.clock.now();
  const ca = await ensure(
    directory,
    'ca',
    (pair) => isAuthority(pair, now),
    async () => {
      const { issueAuthority } = await import('@pgherd/kube/certificates');
      return issueAuthority('pgherd-ca', now, now + CA_LIFETIME);
    },
  );
  const authority = new X509Certificate(ca.certificate);
  const notAfter = Math.min(now + LEAF_LIFETIME, authority.validToDate.getTime());
  const server = await ensure(
    directory,
    'server',
    (pair) => isLeaf(pair, authority, now) && coversNames(new X509Certificate(pair.certificate), options),
    async () => {
      const { issueLeaf } = await import('@pgherd/kube/certificates');
      return issueLeaf(ca, {
        subject: { CN: 'kube-apiserver' },
        usage: 'server',
        ips: options.ips,
        dnsNames: options.dnsNames,
        notBefore: now,
        notAfter,
      });
    },
  );
  const admin = await ensure(
    directory,
    'admin',
    (pair) => isLeaf(pair, authority, now),
    async () => {
      const { issueLeaf } = await import('@pgherd/kube/certificates');
      return issueLeaf(ca, {
        subject: { CN: 'kubernetes-admin', O: 'system:masters' },
        usage: 'client',
        ips: [],
        dnsNames: [],
        notBefore: now,
        notAfter,
      });
    },
  );
  return { caCertificate: ca.certificate, server, admin, serviceAccountKey: ensureSigningKey(directory) };
}

async function ensure(
  directory: string,
  name: string,
  valid: (pair: KeyPair) => boolean,
  issue: () => Promise<KeyPair>,
): Promise<KeyPair> {
  const certificatePath = join(directory, `${name}.crt`);
  const keyPath = join(directory, `${name}.key`);
  const certificate = readFileIfExists(certificatePath);
  const key = readFileIfExists(keyPath);
  if (certificate !== undefined && key !== undefined && check(() => valid({ certificate, key }))) {
    return { certificate, key };
  }
  const pair = await issue();
  writeFileAtomic(keyPath, pair.key);
  writeFileAtomic(certificatePath, pair.certificate);
  return pair;
}

/** Broken PEM throws somewhere inside the check: then it is not valid. */
function check(valid: () => boolean): boolean {
  try {
    return valid();
  } catch {
    return false;
  }
}

function isPair(pair: KeyPair): boolean {
  return new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key));
}

function isAuthority(pair: KeyPair, now: number): boolean {
  const certificate = new X509Certificate(pair.certificate);
  return isPair(pair) && certificate.ca && certificate.validToDate.getTime() > now + RENEW_BEFORE;
}

function isLeaf(pair: KeyPair, authority: X509Certificate, now: number): boolean {
  const certificate = new X509Certificate(pair.certificate);
  return (
    isPair(pair) &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey) &&
    certificate.validToDate.getTime() > now + RENEW_BEFORE
  );
}

function coversNames(certificate: X509Certificate, { ips, dnsNames }: PkiOptions): boolean {
  const count = certificate.subjectAltName?.split(', ').length ?? 0;
  return (
    count === new Set(ips).size + new Set(dnsNames).size &&
    ips.every((ip) => certificate.checkIP(ip) !== undefined) &&
    dnsNames.every((name) => certificate.checkHost(name) !== undefined)
  );
}

function ensureSigningKey(directory: string): string {
  const path = join(directory, 'sa.key');
  const present = readFileIfExists(path);
  if (present !== undefined && check(() => createPrivateKey(present).asymmetricKeyType === 'ec'))
    return present;
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  writeFileAtomic(path, key);
  return key;
}
