import { readFileSync } from 'node:fs';
import { configMaps, persistentVolumeClaims, pods, secrets } from '@pgherd/kube/objects';
import type { Clock, KubeObject, Logger, Pod } from '@pgherd/kube/objects';
import type { TokenIssuer } from '../auth/auth.ts';
import type { Engine } from '../engine/engine.ts';
import { probeHost } from '../engine/probe-host.ts';
import type { HostFacts } from '../engine/probe-host.ts';
import type { Instance } from '../instance/instance.ts';
import type { Registry } from '../registry/registry.ts';
import { LinkDownError } from './api-link.ts';
import type { NodeContext, SandboxHook } from './context.ts';
import type { DnsSettings } from './dns-files.ts';
import { watchEngine } from './engine-events.ts';
import { eventRecorder } from './event-recorder.ts';
import { machineCapacity, registerNode } from './node-object.ts';
import { RENEW_MS, renewLease } from './lease.ts';
import type { NodeProxy } from './node-proxy.ts';
import { objectSource } from './object-source.ts';
import { removeOrphans } from './orphans.ts';
import { ensurePauseImage } from './pause-image.ts';
import { podProxy } from './pod-proxy.ts';
import { PodWorker } from './pod-worker.ts';
import { ProcessWatch } from './process-watch.ts';
import { referencesOf } from './references.ts';
import { Runtime } from './runtime.ts';
import { steadyWatch } from './steady-watch.ts';
import { VolumeImages } from '../volumes/volume-images.ts';
import { PodDirectories } from './volumes/pod-directories.ts';

/** Tokens and files are looked at this often even if nothing happens; costs no request. */
const REFRESH_MS = 60_000;
/** The engine is asked for all containers this often, in case an event was lost. */
const RESYNC_MS = 300_000;
/** What is under way gets this long when the agent stops; pulling an image may take longer and is left alone. */
const SETTLE_MS = 5_000;
/** How exactly the renewals of the node's lease are timed. */
const TICK_MS = 1_000;
/** Longest grace of a pod when all are stopped. */
const LONGEST_GRACE_MS = 60_000;
/** The node's whole status is written this often; that it is alive is said by its lease. */
const HEARTBEAT_MS = 300_000;

export interface NodeAgentOptions {
  registry: Registry;
  engine: Engine;
  instance: Instance;
  tokenIssuer: TokenIssuer;
  /** The cluster's CA. Pods get it from the ConfigMap `kube-root-ca.crt`, which a controller writes. */
  caPem: string;
  clock: Clock;
  log: Logger;
  /** What the machine offers, if it was looked at already. */
  facts?: HostFacts;
  /** The DNS server that pods are told; `clusterDomain` is `cluster.local`. */
  dns: DnsSettings;
  /** Which node of the instance it is; default: the first. */
  node?: { index: number; zone: () => string | undefined };
  onSandboxStarted?: SandboxHook;
  /** How often the node says that it is alive, milliseconds; default: Kubernetes' 10 seconds. */
  renewMs?: () => number;
  /** Where probes come from, if that matters. */
  probeAddress?: () => string | undefined;
  /** How late the status of a pod is written, milliseconds. Default: at once. */
  statusDelayMs?: () => number;
}

/** The running node agent. `stop` leaves all containers running; the next start takes them over. */
export interface NodeAgent extends NodeProxy {
  /** Says now that the node is alive and how it is, instead of at its next time. */
  report(): void;
  /** With `pods`, they are ended first, each with its hooks and its grace, and not started again. */
  stop(options?: { pods: boolean }): Promise<void>;
}

/**
 * Starts the node agent: registers this machine as a node, runs the pods that are given to it as containers and
 * writes their status. Takes over the containers of this instance that run already, ends those that belong to no
 * pod any more, and never touches others. Throws when the engine does not answer.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { registry, engine, instance, clock, log } = options;
  const [facts, version] = await Promise.all([
    options.facts ?? probeHost().then((report) => report.facts),
    engine.version(),
  ]);
  const record = eventRecorder({ registry, clock, log, component: 'kubelet', host: instance.nodeName });
  const isFirst = (options.node?.index ?? 0) === 0;
  const runtime = new Runtime(engine, instance.id, { name: instance.nodeName, isFirst });
  const directories = new PodDirectories(instance.home, isFirst ? undefined : instance.nodeName);
  const problem = await directories.prepare();
  if (problem !== undefined) log.warn({}, problem);
  await ensurePauseImage(engine);

  const context: NodeContext = {
    registry,
    engine,
    runtime,
    directories,
    images: new VolumeImages(instance.home),
    settings: {
      instanceId: instance.id,
      networkName: instance.networkName,
      // All nodes share the machine: a port that one opens everywhere is taken for the others.
      hostPortAddress: isFirst ? '' : instance.gateway,
      engine: version.engine,
      ulimits: facts.ulimits,
      lowestOomScoreAdj: facts.canRaiseLimits
        ? -1000
        : Number(readFileSync('/proc/self/oom_score_adj', 'utf8')),
    },
    issuer: options.tokenIssuer,
    source: objectSource(registry),
    node: { nodeName: instance.nodeName, hostIp: instance.gateway, allocatable: machineCapacity() },
    dns: options.dns,
    clock,
    log,
    record,
    processes: new ProcessWatch(clock),
    onSandboxStarted: options.onSandboxStarted,
    probeAddress: options.probeAddress ?? ((): undefined => undefined),
    statusDelayMs: options.statusDelayMs ?? ((): number => 0),
  };
  /** That a node is cut off was somebody's wish. */
  const complain = (err: unknown, what: string): void =>
    log[err instanceof LinkDownError ? 'debug' : 'warn']({ err }, what);
  const describeNode = (): void => {
    const zone = options.node?.zone();
    try {
      registerNode(
        registry,
        {
          nodeName: instance.nodeName,
          hostIp: instance.gateway,
          home: instance.home,
          podSubnet: instance.podSubnet,
          ...(zone === undefined ? {} : { zone }),
          runtimeVersion: `${version.engine}://${version.version}`,
        },
        clock,
      );
    } catch (error) {
      complain(error, 'the node object could not be written');
    }
  };
  let renewedAt = 0;
  const renewMs = options.renewMs ?? ((): number => RENEW_MS);
  const heartbeat = (): void => {
    renewedAt = clock.now();
    try {
      renewLease(registry, instance.nodeName, clock);
    } catch (error) {
      complain(error, 'the lease of the node could not be renewed');
    }
  };
  describeNode();
  heartbeat();

  const workers = new Map<string, PodWorker>();
  const workerOf = (pod: Pod): PodWorker => {
    const uid = pod.metadata.uid ?? '';
    const worker = workers.get(uid) ?? new PodWorker(context, pod, () => workers.delete(uid));
    workers.set(uid, worker);
    return worker;
  };
  const isOurs = (pod: Pod): boolean => pod.spec?.nodeName === instance.nodeName;

  // Running pods are known before the first event is seen, so that none of them is started twice.
  const running = await runtime.list();
  for (const pod of registry.list(pods).items as unknown as Pod[]) {
    if (!isOurs(pod)) continue;
    await workerOf(pod).adopt(running.filter((each) => each.podUid === pod.metadata.uid));
  }
  const known = new Set(workers.keys());
  void removeOrphans(
    context,
    running.filter((each) => !known.has(each.podUid)),
    known,
  ).catch((error: unknown) =>
    log.warn({ err: error }, 'leftovers of earlier pods could not be removed; the next start tries again'),
  );

  const podChanged = (object: KubeObject): void => {
    const pod = object as Pod;
    if (isOurs(pod)) workerOf(pod).update(pod);
  };
  const podRemoved = (object: KubeObject): void => {
    workers.get(object.metadata.uid ?? '')?.removed();
  };
  const wakeUsers = (kind: string) => (object: KubeObject) => {
    const { name = '', namespace } = object.metadata;
    for (const worker of workers.values()) {
      const { pod } = worker;
      if (pod.metadata.namespace === namespace && referencesOf(pod).has(`${kind}/${name}`)) worker.wake();
    }
  };
  const watchOptions = { registry, clock, log };
  const follow = (
    resource: typeof configMaps | typeof secrets | typeof persistentVolumeClaims,
    kind: string,
  ) => steadyWatch({ ...watchOptions, resource }, { changed: wakeUsers(kind), removed: wakeUsers(kind) });
  const watches = [
    steadyWatch(
      { ...watchOptions, resource: pods },
      {
        changed: podChanged,
        removed: podRemoved,
        opened: (uids) => {
          for (const [uid, worker] of workers) if (!uids.has(uid)) worker.removed();
        },
      },
    ),
    follow(configMaps, 'configmap'),
    follow(secrets, 'secret'),
    follow(persistentVolumeClaims, 'claim'),
  ];

  /** Compares with what the engine really has. */
  const resync = async (): Promise<void> => {
    const found = await runtime.list();
    for (const [uid, worker] of workers) {
      const own = found.filter((each) => each.podUid === uid);
      const ids = new Set(own.map((each) => each.id));
      for (const { id } of worker.containers.all()) if (!ids.has(id)) await worker.containers.look(id);
      for (const each of own) await worker.containers.look(each.id);
    }
  };
  const tryResync = (): void => {
    resync().catch((error: unknown) =>
      log.warn({ err: error }, 'the engine’s containers could not be listed'),
    );
  };
  const engineEvents = watchEngine({
    engine,
    instanceId: instance.id,
    clock,
    log,
    onChange: (podUid, id) => void workers.get(podUid)?.containers.look(id),
    onConnect: tryResync,
  });

  const repeat = (ms: number, action: () => void): { stop(): void } => {
    let cancel = clock.after(ms, function again() {
      action();
      cancel = clock.after(ms, again);
    });
    return { stop: () => cancel() };
  };
  const timers = [
    repeat(REFRESH_MS, () => {
      for (const worker of workers.values()) worker.wake();
    }),
    repeat(RESYNC_MS, tryResync),
    repeat(HEARTBEAT_MS, describeNode),
    repeat(TICK_MS, () => {
      if (clock.now() - renewedAt >= renewMs()) heartbeat();
    }),
  ];

  const find = (namespace: string, name: string): PodWorker | undefined =>
    // A predecessor of the same name may still be cleaning up: the newest is meant.
    [...workers.values()].findLast(
      ({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name,
    );
  return {
    ...podProxy(context, find),
    report() {
      describeNode();
      heartbeat();
    },
    async stop(how = { pods: false }) {
      for (const each of [...watches, ...timers]) each.stop();
      const all = [...workers.values()];
      for (const worker of all) worker.stop();
      // A container that is being made now would be overlooked by whoever removes them.
      const settled = Promise.all(all.map((worker) => worker.idle()));
      let tooLong = (): void => {};
      const waited = new Promise<void>((resolve) => (tooLong = clock.after(SETTLE_MS, resolve)));
      await Promise.race([settled, waited]);
      tooLong();
      if (how.pods) await Promise.all(all.map((worker) => worker.endAll(LONGEST_GRACE_MS)));
      engineEvents.stop();
      context.processes.stop();
    },
  };
}
