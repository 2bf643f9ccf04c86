import type { Postgresql } from '@pgherd/api';
import { isSet } from './variables.ts';

/** Where the files of `spec.tls` are in a container that its Secrets are mounted in. */
export interface TlsFiles {
  certificate: string;
  privateKey: string;
  /** Absent: clients are asked for no certificate. */
  ca?: string;
}

/** `spec.tls` if it names a Secret; Zalando's example manifest has the section without a name, which means nothing. */
export function tlsSection({ spec: { tls } }: Postgresql): Postgresql['spec']['tls'] {
  return isSet(tls?.secretName) ? tls : undefined;
}

/** Undefined when the manifest has no certificate. Absolute paths stay as they are. */
export function tlsFiles(manifest: Postgresql): TlsFiles | undefined {
  const tls = tlsSection(manifest);
  if (tls === undefined) return undefined;
  const inside = (folder: string, file: string) => (file.startsWith('/') ? file : `${folder}/${file}`);
  return {
    certificate: inside('/tls', isSet(tls.certificateFile) ? tls.certificateFile : 'tls.crt'),
    privateKey: inside('/tls', isSet(tls.privateKeyFile) ? tls.privateKeyFile : 'tls.key'),
    ...(isSet(tls.caFile) ? { ca: inside(isSet(tls.caSecretName) ? '/tlsca' : '/tls', tls.caFile) } : {}),
  };
}
