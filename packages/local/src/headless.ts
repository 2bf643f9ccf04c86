import { join } from 'node:path';
import { systemClock, type Logger } from '@pgherd/kube/objects';
import {
  createAuthenticator,
  createAuthorizer,
  createTokenIssuer,
  ensureBootstrapPolicy,
  ensurePki,
  writeKubeconfig,
} from './auth/index.ts';
import { startControllers } from './controllers/index.ts';
import { openRegistry } from './registry/index.ts';
import type { NodeProxy } from './node/node-proxy.ts';
import { createApiServer } from './server/index.ts';
import { directoryVolumeStore } from './volumes/index.ts';

/** The API server and its controllers, without anything that runs pods. */
export interface Headless {
  /** Kubeconfig of the administrator. */
  kubeconfig: string;
  /** Writes a kubeconfig that speaks as this service account, which must exist, and answers its path. */
  kubeconfigOf(namespace: string, serviceAccount: string): string;
  stop(): Promise<void>;
}

/** What it runs with. */
export interface HeadlessOptions {
  /** Empty directory for keys, kubeconfigs and volumes; the caller removes it. */
  directory: string;
  log: Logger;
  /** SQLite file of the state, which outlives the process; default: in memory. */
  database?: string;
  /** Answers for the pods, e.g. commands in them; default: nobody does. */
  nodeProxy?: NodeProxy;
}

/**
 * A Kubernetes whose node is played by the caller, for tests: state in memory or a file, a free port, no container engine, no
 * network, no root.
 */
export async function startHeadless({
  directory,
  log,
  database,
  nodeProxy,
}: HeadlessOptions): Promise<Headless> {
  const clock = systemClock;
  const pki = await ensurePki(join(directory, 'pki'), {
    ips: ['127.0.0.1'],
    dnsNames: ['localhost'],
    clock,
  });
  const registry = openRegistry({ path: database ?? ':memory:', clock });
  ensureBootstrapPolicy(registry);
  const security = { registry, clock, serviceAccountKey: pki.serviceAccountKey };
  const tokenIssuer = createTokenIssuer(security);
  const server = createApiServer({
    registry,
    authenticator: createAuthenticator(security),
    authorizer: createAuthorizer(registry),
    tokenIssuer,
    tls: { cert: pki.server.certificate, key: pki.server.key, ca: pki.caCertificate },
    log,
    ...(nodeProxy === undefined ? {} : { nodeProxy }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  const controllers = startControllers({
    registry,
    clock,
    log,
    caCertificate: pki.caCertificate,
    apiServer: { clusterIp: '10.96.0.1', address: '127.0.0.1', port },
    nodeName: 'played',
    volumes: directoryVolumeStore(directory),
    limits: { enforced: false, why: 'no pods run here' },
  });
  const write = (name: string, user: Parameters<typeof writeKubeconfig>[1]['user']): string => {
    const path = join(directory, `${name}.kubeconfig`);
    writeKubeconfig(path, { server: `https://127.0.0.1:${port}`, caCertificate: pki.caCertificate, user });
    return path;
  };
  return {
    kubeconfig: write('admin', pki.admin),
    kubeconfigOf(namespace, serviceAccount) {
      const { token } = tokenIssuer.issue({ namespace, serviceAccount, expirationSeconds: 3600 });
      return write(`${namespace}-${serviceAccount}`, { token });
    },
    async stop() {
      await controllers.stop();
      await server.close();
      registry.close();
    },
  };
}
