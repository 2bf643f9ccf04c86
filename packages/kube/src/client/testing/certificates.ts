import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Certificate and key, PEM. */
export interface TestPair {
  cert: string;
  key: string;
}

/** An authority with a server certificate for 127.0.0.1 and a client certificate for the user `tester`. */
export interface TestCertificates {
  ca: string;
  server: TestPair;
  client: TestPair;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;

let made: Promise<TestCertificates> | undefined;

/** Made once per process: keys take a while. */
export const testCertificates = (): Promise<TestCertificates> => (made ??= make());

async function make(): Promise<TestCertificates> {
  const validity = { notBefore: new Date(Date.now() - HOUR), notAfter: new Date(Date.now() + 24 * HOUR) };
  const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
    webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const caKeys = await newKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=test-ca',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const leaf = async (subject: string, usage: ExtendedKeyUsage): Promise<TestPair> => {
    const keys = await newKeys();
    const names = new SubjectAlternativeNameExtension([
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'kubernetes.test' },
    ]);
    const cert = await X509CertificateGenerator.create({
      ...validity,
      subject,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new ExtendedKeyUsageExtension([usage]), names],
    });
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { cert: cert.toString('pem'), key: PemConverter.encode(pkcs8, 'PRIVATE KEY') };
  };
  return {
    ca: ca.toString('pem'),
    server: await leaf('CN=kube-apiserver', ExtendedKeyUsage.serverAuth),
    client: await leaf('CN=tester,O=system:masters', ExtendedKeyUsage.clientAuth),
  };
}
