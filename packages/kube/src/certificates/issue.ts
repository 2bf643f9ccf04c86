// Loaded only when something must be issued: the certificate library takes longer to load than the rest of the server.
import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
  type webcrypto,
} from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate with its private key (PKCS #8), both PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Certificates are valid a little before they are made, for clients whose clock is behind. */
const SKEW = 5 * 60 * 1000;

/** What a certificate below the authority says. */
export interface LeafRequest {
  subject: { CN: string; O?: string };
  usage: 'server' | 'client';
  ips: string[];
  dnsNames: string[];
  /** Milliseconds since 1970. */
  notBefore: number;
  notAfter: number;
}

type CryptoKey = webcrypto.CryptoKey;

/**
 * A new self-signed authority, strict enough for `X509_V_FLAG_X509_STRICT`, Python's default since 3.13. With `key` (PEM) of
 * an authority of the same name that runs out, certificates of either are good for who trusts the other.
 */
export async function issueAuthority(
  name: string,
  notBefore: number,
  notAfter: number,
  key?: string,
): Promise<KeyPair> {
  const keys = key === undefined ? generate() : pairOf(createPrivateKey(key));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: new Date(notBefore - SKEW),
    notAfter: new Date(notAfter),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature,
        true,
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: keys.pem };
}

/** A new certificate signed by `authority`. */
export async function issueLeaf(authority: KeyPair, request: LeafRequest): Promise<KeyPair> {
  const keys = generate();
  const issuer = new X509Certificate(authority.certificate);
  const names = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...request.ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  const purpose = request.usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(request.subject.O ? [{ O: [request.subject.O] }] : []), { CN: [request.subject.CN] }],
    issuer: issuer.subject,
    notBefore: new Date(request.notBefore - SKEW),
    notAfter: new Date(request.notAfter),
    publicKey: keys.publicKey,
    signingKey: cryptoKey(authority.key),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([purpose]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: keys.pem };
}

function generate(): { publicKey: CryptoKey; privateKey: CryptoKey; pem: string } {
  return pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

function pairOf(privateKey: KeyObject): { publicKey: CryptoKey; privateKey: CryptoKey; pem: string } {
  return {
    publicKey: createPublicKey(privateKey).toCryptoKey(ALGORITHM, true, ['verify']),
    privateKey: privateKey.toCryptoKey(ALGORITHM, true, ['sign']),
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function cryptoKey(pem: string): CryptoKey {
  return createPrivateKey(pem).toCryptoKey(ALGORITHM, true, ['sign']);
}

/** RFC 5280: positive, at most 20 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
