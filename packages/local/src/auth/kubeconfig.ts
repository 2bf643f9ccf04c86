import { stringify } from 'yaml';
import { writeFileAtomic } from './atomic-file.ts';
import type { KeyPair } from '@pgherd/kube/certificates';

/** What a kubeconfig points at, and as whom. */
export interface KubeconfigOptions {
  /** `https://127.0.0.1:PORT`. */
  server: string;
  /** PEM. */
  caCertificate: string;
  /** A client certificate or a bearer token. */
  user: KeyPair | { token: string };
  /** Name of the context, cluster and user. Default: `pgherd`. */
  name?: string;
  /** Namespace where none is named. Default: `default`. */
  namespace?: string;
}

/** The kubeconfig document (`v1` `Config`), complete in itself: certificates are embedded. */
export function buildKubeconfig(options: KubeconfigOptions): Record<string, unknown> {
  const name = options.name ?? 'pgherd';
  const { user } = options;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: options.server, 'certificate-authority-data': base64(options.caCertificate) },
      },
    ],
    users: [
      {
        name,
        user:
          'token' in user
            ? { token: user.token }
            : {
                'client-certificate-data': base64(user.certificate),
                'client-key-data': base64(user.key),
              },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name, namespace: options.namespace ?? 'default' } }],
    'current-context': name,
    preferences: {},
  };
}

/** Writes the document as YAML, readable by its owner only, atomically. */
export function writeKubeconfig(path: string, options: KubeconfigOptions): void {
  writeFileAtomic(path, stringify(buildKubeconfig(options), { lineWidth: 0 }));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
