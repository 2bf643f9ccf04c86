import { hostname } from 'node:os';
import { connect, type Client, type ConnectionOptions } from '@pgherd/kube/client';
import { systemClock, type Logger } from '@pgherd/kube/objects';
import { EventRecorder, HealthChecks, Leadership } from '@pgherd/kube/runtime';
import { defaultConfiguration, type Overrides } from '@pgherd/api';
import { networkExchange, teamsClient } from '@pgherd/teams';
import type { Storyteller } from '../events/story.ts';
import { sqlDatabaseAccess, type DatabaseAccess } from '../execute/database-access.ts';
import { registerDefinitions } from '../definitions/register.ts';
import { OperatorHttp, type OperatorParts } from '../http/operator-http.ts';
import { Roster } from '../people/roster.ts';
import { isOwn } from '../reconcile/reconciler.ts';
import type { Settings } from '../settings.ts';
import { originOf, type ConfigurationOrigin } from './configuration/origin.ts';
import { ConfigurationReport } from './configuration/report.ts';
import { WatchedConfiguration } from './configuration/watched-configuration.ts';
import { leaseName } from './lease-name.ts';
import { missingRights, registersDefinitions, rightsFor } from './rights.ts';
import { MissingRightsError, Succession } from './succession.ts';

/** How to run the operator. */
export interface OperatorOptions extends Pick<ConnectionOptions, 'kubeconfig' | 'context' | 'env'> {
  /** A configuration that does not change, instead of an origin; for tests and tools. */
  settings?: Settings;
  /** Where the configuration is. Default: what the environment says (`originOf`). */
  origin?: ConfigurationOrigin;
  /** Told not to connect to PostgreSQL, or not to ask the Teams API, whatever the configuration says. */
  overrides?: Omit<Overrides, 'environment'>;
  /** Namespaces to look after, as in `watched_namespace`, over which it wins. */
  namespace?: string;
  /** The operator's namespace. Default: OPERATOR_NAMESPACE, or else that of the kubeconfig or pod. */
  ownNamespace?: string;
  /** Holder of the Lease; two operators must never share one. Default: host name and process id. */
  identity?: string;
  /** Address that the HTTP API listens on. Default: all of them in a pod, 127.0.0.1 elsewhere. */
  httpHost?: string;
  /** Port of the HTTP API; 0 takes a free one. Default: `api_port` of the configuration. */
  httpPort?: number;
  log: Logger;
  /** Ends the operator; what it does at the moment is finished first. */
  signal: AbortSignal;
  /** Called once everything is set up, with the port that is listened on. */
  onStarted?: (port: number) => void;
  /** Called with every configuration that comes into force. */
  onSettings?: (settings: Settings) => void;
  /** Instead of SQL over the network; for tests. */
  database?: DatabaseAccess;
}

/** A day's work on one cluster must not fall silent; a loop that fails must not fill the API server. */
const eventLimits = { burst: 100, refillMs: 10_000 };

/**
 * A leader that was killed is succeeded within 15 s: its last renewal is seen, runs out, and the Lease is taken, with up
 * to 1.2 × `retryPeriodMs` before the first and the last.
 */
const leasePeriods = {
  leaseDurationMs: 10_000,
  renewDeadlineMs: 7_000,
  renewPeriodMs: 4_000,
  retryPeriodMs: 1_500,
};

/**
 * Runs the operator until the signal aborts. Rejects when it cannot start (`KubeconfigError`, `MissingRightsError`);
 * then the process should end and be started again.
 */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { signal } = options;
  const environment = options.env ?? process.env;
  const byDefault: Settings = { configuration: defaultConfiguration(), named: new Set() };
  let held = (): Settings | undefined => undefined;
  const http = new OperatorHttp(() => held() ?? byDefault, options.log);
  const { log, metrics } = http;
  const { client, connection } = await connect({
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.env === undefined ? {} : { env: options.env }),
    onRequest: (info) => metrics.request(info),
  });
  const own = options.ownNamespace ?? (environment['OPERATOR_NAMESPACE'] || connection.namespace);
  const origin: ConfigurationOrigin =
    options.origin ??
    (options.settings === undefined
      ? originOf(environment, own)
      : { type: 'fixed', settings: options.settings });
  await mustHaveOwnRights(client, own, origin);

  const identity = options.identity ?? `${hostname()}_${process.pid}`;
  const controllerId = environment['CONTROLLER_ID'] ?? '';
  const lease = { namespace: own, name: leaseName(controllerId), identity, ...leasePeriods };
  const leadership = new Leadership({ client, logger: log, ...lease });
  const recorder = new EventRecorder({
    client,
    component: 'pgherd',
    instance: identity,
    limits: eventLimits,
    logger: log,
  });
  const story: Storyteller = {
    normal: (about, reason, message) => recorder.event(about, 'Normal', reason, message),
    warning: (about, reason, message) => recorder.event(about, 'Warning', reason, message),
  };
  const watchedNamespace = options.namespace ?? environment['WATCHED_NAMESPACE'];
  const configuration = new WatchedConfiguration({
    origin,
    overrides: {
      ...options.overrides,
      ownNamespace: own,
      environment: { ...environment, WATCHED_NAMESPACE: watchedNamespace },
    },
    client,
    log,
  });
  held = () => configuration.held.settings;
  let ofInfrastructure: string[] = [];
  const report = new ConfigurationReport({
    origin,
    configuration,
    more: () => ofInfrastructure,
    client,
    story,
    log,
    clock: systemClock,
  });
  const exchange = networkExchange(environment);
  const roster = new Roster({
    client: (url) => teamsClient({ url, exchange }),
    clock: systemClock,
    log,
    onQuestion: (outcome) => metrics.teams(outcome),
  });
  const succession = new Succession({
    client,
    leadership,
    configuration,
    origin,
    own,
    controllerId,
    database: options.database ?? sqlDatabaseAccess(),
    story,
    log,
    http,
    onReconciled: (pass) => metrics.pass(pass),
    onFailover: (outcome) => metrics.failover(outcome),
    onWake: () => metrics.woke(),
    onPauseEnd: (end) => metrics.poolerPause(end),
    roster,
    environment,
    onInfrastructure: (problems) => {
      ofInfrastructure = problems;
      report.log();
      if (leadership.isLeading) void report.tell();
    },
  });
  configuration.onChange(() => {
    report.log();
    metrics.configuration(configuration.complaint() === undefined);
    const { settings } = configuration.held;
    if (settings !== undefined) options.onSettings?.(settings);
    if (leadership.isLeading) void report.tell();
  });

  const ready = new HealthChecks();
  ready.add('configuration', () => {
    const complaint = configuration.complaint();
    if (configuration.held.settings === undefined) throw new Error(complaint);
    return complaint;
  });
  ready.add('namespaces', () => succession.readiness());

  const stopAll = new AbortController();
  const stop = AbortSignal.any([signal, stopAll.signal]);
  let failure: { error: unknown } | undefined;
  const guard = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      failure ??= { error };
      stopAll.abort();
    }
  };
  // Timers and watches of files do not keep the process alive.
  const hold = setInterval(() => {}, 2 ** 30);
  try {
    const running = [
      guard(configuration.run(stop)),
      guard(leadership.run(stop)),
      guard(leadership.act(stop, () => report.tell())),
      guard(leadership.act(stop, register)),
      guard(succession.run(stop)),
      guard(serve()),
    ];
    await Promise.all(running);
    await recorder.flush();
  } finally {
    clearInterval(hold);
    client.close();
  }
  if (failure !== undefined) throw failure.error;

  /** Once, by the leader. */
  async function register(acting: AbortSignal): Promise<void> {
    const settings = await configuration.usable(acting);
    if (settings !== undefined && registersDefinitions({ ...settings, own }))
      await registerDefinitions(client, settings.configuration, log);
  }

  /** Listens on the port of the configuration, wherever it goes. */
  async function serve(): Promise<void> {
    await configuration.read(stop);
    const wanted = (): number =>
      options.httpPort ?? (configuration.held.settings?.configuration ?? defaultConfiguration()).api_port;
    const isInPod = options.kubeconfig === undefined && Boolean(environment['KUBERNETES_SERVICE_HOST']);
    const parts: OperatorParts = {
      client,
      works: () => succession.works,
      isOwn: (manifest) => isOwn(manifest, controllerId),
      leadership: () => ({ identity, leader: leadership.leader, leads: leadership.isLeading }),
      facts: { namespace: own, configMapName: environment['CONFIG_MAP_NAME'] ?? '' },
      live: new HealthChecks(),
      ready,
    };
    const host = options.httpHost ?? (isInPod ? undefined : '127.0.0.1');
    let port = wanted();
    let server = await http.listen(parts, host, port);
    log.info({ server: connection.server.href, namespace: own, port: server.port }, 'operator started');
    options.onStarted?.(server.port);
    while (!stop.aborted) {
      await configuration.change(stop);
      if (wanted() === port || stop.aborted) continue;
      try {
        const next = await http.listen(parts, host, wanted());
        await server.close();
        [server, port] = [next, wanted()];
        log.info({ port }, `listening on port ${port} now`);
      } catch (err) {
        log.error({ err }, `${(err as Error).message}; port ${port} stays`);
      }
    }
    await server.close();
  }
}

async function mustHaveOwnRights(client: Client, own: string, origin: ConfigurationOrigin): Promise<void> {
  const duties = { configuration: defaultConfiguration(), named: new Set<never>(), own, origin };
  const rights = rightsFor(duties).filter(({ scope, essential }) => scope === 'own' && essential);
  const missing = await missingRights(client, rights, { watched: [], own });
  if (missing.length > 0) throw new MissingRightsError(missing.map(({ what }) => what));
}
