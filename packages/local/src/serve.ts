import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';
import {
  createAuthenticator,
  createAuthorizer,
  createTokenIssuer,
  ensureBootstrapPolicy,
  ensurePki,
  writeKubeconfig,
} from './auth/index.ts';
import { bindVolumesLate, startControllers } from './controllers/index.ts';
import { loadOrCreateInstance } from './instance/load.ts';
import { lockHomeWhenStopped } from './instance/lock.ts';
import { LateNodeProxy } from './node/late-node-proxy.ts';
import { openRegistry } from './registry/index.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { NodeStates } from './nodes/node-states.ts';
import { createApiServer } from './server/index.ts';
import { writePodsNote } from './pods-note.ts';
import { startPods, type Pods } from './pods.ts';
import { directoryVolumeStore, sizeLimits } from './volumes/index.ts';

/** How long a start waits for a `down` that is under way: the longest grace of pods, and some. */
const LOCK_MS = 90_000;

/** How long to wait before another try to get pods running. */
const PODS_RETRY_MS = 10_000;

/** A running single-machine Kubernetes. Pods can run a little later; `pods-note.ts` tells when, or why not. */
export interface Local {
  /** `https://127.0.0.1:PORT`. */
  address: string;
  /** Ends the server. Pods go on running unless `pods` is set; then they are stopped first, each with its grace. */
  stop(options: { pods: boolean }): Promise<void>;
}

/** Where the state is, and where to log. */
export interface LocalOptions {
  /** `PGHERD_HOME`. */
  home: string;
  log: Logger;
}

/**
 * Starts the API server first, because everything waits for it, then what runs pods. Throws when another server has
 * this home, or when the instance's state cannot be read.
 */
export async function startLocal({ home, log }: LocalOptions): Promise<Local> {
  const clock = systemClock;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  // Before anything else: two that start at once must not both choose addresses.
  const lock = await lockHomeWhenStopped(home, { timeoutMs: LOCK_MS });
  const instance = await loadOrCreateInstance(home);
  const states = new NodeStates(instance.home);
  const address = `https://127.0.0.1:${instance.apiPort}`;

  const pki = await ensurePki(join(instance.home, 'pki'), {
    ips: ['127.0.0.1', instance.gateway, instance.kubernetesServiceIp],
    dnsNames: [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    clock,
  });
  const registry = openRegistry({
    path: join(instance.home, 'state.db'),
    clock,
    serviceSubnet: instance.serviceSubnet,
    kubernetesServiceIp: instance.kubernetesServiceIp,
    apiPort: instance.apiPort,
    onError: (err) => log.error({ err }, 'a watcher failed'),
  });
  ensureBootstrapPolicy(registry);
  const security = { registry, clock, serviceAccountKey: pki.serviceAccountKey };
  const tokenIssuer = createTokenIssuer(security);
  const nodeProxy = new LateNodeProxy();
  const server = createApiServer({
    registry,
    authenticator: createAuthenticator(security),
    authorizer: createAuthorizer(registry),
    tokenIssuer,
    nodeProxy,
    tls: { cert: pki.server.certificate, key: pki.server.key, ca: pki.caCertificate },
    log,
  });
  await server.listen('127.0.0.1', instance.apiPort);
  writeKubeconfig(join(instance.home, 'kubeconfig'), {
    server: address,
    caCertificate: pki.caCertificate,
    user: pki.admin,
  });
  log.info({ address }, 'API server ready');
  const limits = sizeLimits();
  const controllers = startControllers({
    registry,
    clock,
    log,
    caCertificate: pki.caCertificate,
    apiServer: {
      clusterIp: instance.kubernetesServiceIp,
      address: instance.gateway,
      port: instance.apiPort,
    },
    nodeName: instance.nodeName,
    nodes: { graceMs: () => states.graceMs },
    volumes: directoryVolumeStore(instance.home),
    limits,
  });

  const scheduler = startScheduler({ registry, clock, log });

  let pods: Pods | undefined;
  const stopping = new AbortController();
  const bringUpPods = async (): Promise<void> => {
    const started = await startPods({
      registry,
      instance,
      tokenIssuer,
      caPem: pki.caCertificate,
      clock,
      log,
      states,
      onCount: (count) => {
        if (count > 1) bindVolumesLate(registry);
      },
    });
    pods = started;
    nodeProxy.set(started.nodeProxy);
    await server.listen(instance.gateway, instance.apiPort);
    writePodsNote(instance.home, { pid: process.pid });
    log.info({ gateway: instance.gateway }, 'pods can run');
  };
  /** What is missing may be installed or repaired meanwhile: it is tried until it works. */
  const keepTrying = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        return await bringUpPods();
      } catch (err) {
        const problem = err instanceof Error ? err.message : String(err);
        nodeProxy.fail(problem);
        writePodsNote(instance.home, { pid: process.pid, problem });
        log.error(
          { err, retryMs: PODS_RETRY_MS },
          'this machine cannot run pods; the API works without them',
        );
        if (pods !== undefined) return;
        await new Promise<void>((resolve) => {
          clock.after(PODS_RETRY_MS, resolve);
          stopping.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  };
  const podsTried = keepTrying();

  return {
    address,
    async stop(options) {
      lock.stopping();
      stopping.abort();
      await podsTried;
      if (pods !== undefined) await pods.stop(options);
      await scheduler.stop();
      await controllers.stop();
      await server.close();
      registry.close();
      lock.release();
    },
  };
}

/** Is there an instance in this directory? */
export const instanceExists = (home: string): boolean => existsSync(join(home, 'instance.json'));
