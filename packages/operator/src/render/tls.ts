import type { Postgresql } from '@pgherd/api';
import { isSet } from './variables.ts';

/** Where the files of `spec.tls` are in a container that its Secrets are mounted in. */
export interface TlsFiles {
  certificate: string;
  privateKey: string;
  /** Absent: clients are asked for no certificate. */
  ca?: string;
}

/** Undefined when the manifest has no certificate. Absolute paths stay as they are. */
export function tlsFiles({ spec: { tls } }: Postgresql): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  const inside = (folder: string, file: string) => (file.startsWith('/') ? file : `${folder}/${file}`);
  return {
    certificate: inside('/tls', tls.certificateFile ?? 'tls.crt'),
    privateKey: inside('/tls', tls.privateKeyFile ?? 'tls.key'),
    ...(isSet(tls.caFile) ? { ca: inside(isSet(tls.caSecretName) ? '/tlsca' : '/tls', tls.caFile) } : {}),
  };
}
