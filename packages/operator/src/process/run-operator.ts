import { hostname } from 'node:os';
import { connect, type ConnectionOptions } from '@pgherd/kube/client';
import { systemClock, type Logger } from '@pgherd/kube/objects';
import { Controller, EventRecorder, Manager } from '@pgherd/kube/runtime';
import { patroniClient } from '@pgherd/patroni';
import { sqlDatabaseAccess, type DatabaseAccess } from '../execute/database-access.ts';
import { newPassword } from '../reconcile/password.ts';
import { Reconciler } from '../reconcile/reconciler.ts';
import type { Settings } from '../settings.ts';
import { Caches } from './caches.ts';
import { serveHttp } from './http-server.ts';
import { Metrics } from './metrics.ts';
import { missingRights } from './rights.ts';

/** How to run the operator. */
export interface OperatorOptions extends Pick<ConnectionOptions, 'kubeconfig' | 'context' | 'env'> {
  settings: Settings;
  /** Namespace to look after; absent: all. */
  namespace?: string;
  /** Namespace of the Lease that keeps a second operator waiting. Default: that of the kubeconfig or pod. */
  ownNamespace?: string;
  /** Holder of the Lease; two operators must never share one. Default: host name and process id. */
  identity?: string;
  /** Loopback port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one. Default 8080. */
  httpPort?: number;
  log: Logger;
  /** Ends the operator; what it does at the moment is finished first. */
  signal: AbortSignal;
  /** Called once everything is set up, with the port that is listened on. */
  onStarted?: (port: number) => void;
  /** Instead of SQL over the network; for tests. */
  database?: DatabaseAccess;
}

/** The operator cannot work with the rights that it has. The message names what is missing. */
export class MissingRightsError extends Error {
  constructor(missing: string[]) {
    super(
      `the operator's account lacks rights that it cannot work without: ${missing.join(', ')}. ` +
        'Apply manifests/operator-service-account-rbac.yaml, or grant them otherwise.',
    );
    this.name = 'MissingRightsError';
  }
}

/** A Patroni that does not answer a question by then does not count. */
const askTimeoutMs = 1_000;

/** A day's work on one cluster must not fall silent; a loop that fails must not fill the API server. */
const eventLimits = { burst: 100, refillMs: 10_000 };

/** Name of the Lease. */
const leaseName = 'pgherd-operator';

/**
 * Runs the operator until the signal aborts. Rejects when it cannot start (`KubeconfigError`, `MissingRightsError`), or
 * when it has lost the leadership; then the process should end and be started again.
 */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { log, signal, namespace, settings } = options;
  const metrics = new Metrics();
  const { client, connection } = await connect({
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.env === undefined ? {} : { env: options.env }),
    onRequest: (info) => metrics.request(info),
  });
  const ownNamespace = options.ownNamespace ?? connection.namespace;
  const missing = await missingRights(client, { watched: namespace, own: ownNamespace });
  for (const { what, essential } of missing) log.warn({ right: what, essential }, `missing right: ${what}`);
  const essential = missing.filter((right) => right.essential).map(({ what }) => what);
  if (essential.length > 0) throw new MissingRightsError(essential);

  const identity = options.identity ?? `${hostname()}_${process.pid}`;
  const manager = new Manager({
    client,
    logger: log,
    leaderElection: { namespace: ownNamespace, name: leaseName, identity },
  });
  const caches = new Caches(manager, settings.configuration, namespace);
  const recorder = new EventRecorder({
    client,
    component: 'pgherd',
    instance: identity,
    limits: eventLimits,
    logger: log,
  });
  const reconciler = new Reconciler({
    settings: () => settings,
    controllerId: (options.env ?? process.env)['CONTROLLER_ID'] ?? '',
    manifest: (inNamespace, name) => caches.manifest(inNamespace, name),
    source: caches,
    hands: {
      client,
      patroni: (address) => patroniClient(address),
      database: options.database ?? sqlDatabaseAccess(),
      written: (kind, object) => caches.written(kind, object),
    },
    askPatroni: (address) => patroniClient(address, { timeoutMs: askTimeoutMs }),
    story: {
      normal: (about, reason, message) => recorder.event(about, 'Normal', reason, message),
      warning: (about, reason, message) => recorder.event(about, 'Warning', reason, message),
    },
    log,
    clock: systemClock,
    newPassword,
  });
  const controller = new Controller({
    name: 'postgresql',
    sources: caches.sources(),
    reconcile: (key, stop) => reconciler.reconcile(key, stop),
    workers: settings.configuration.workers,
    backoff: { baseMs: 500, maxMs: 15_000 },
    logger: log,
    onReconciled: (pass) => metrics.pass(pass),
  });
  manager.add(controller);

  const server = await serveHttp(options.httpPort ?? 8080, {
    live: manager.live,
    ready: manager.ready,
    metrics: () => metrics.page(caches.manifests()),
  });
  try {
    log.info(
      { server: connection.server.href, namespace: namespace ?? '*', port: server.port },
      'operator started',
    );
    options.onStarted?.(server.port);
    await manager.run(signal);
    await recorder.flush();
  } finally {
    await server.close();
    client.close();
  }
}
