import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, type Clock, type KubeObject } from '@pgherd/kube/objects';
import { pino } from 'pino';
import {
  createEngine,
  type Engine,
  type HostFacts,
  probeHost,
  startPodmanService,
  stopPodmanService,
} from '@pgherd/local/engine';
import {
  type Instance,
  instanceOf,
  loadOrCreateInstance,
  type NodePlace,
  placesOf,
  usedNetworks,
  withNodes,
} from '@pgherd/local/instance';
import {
  type Cuts,
  endpointsResource,
  type Network,
  resetNetwork,
  serviceResource,
  startNetwork,
} from '@pgherd/local/network';
import { openRegistry, type Registry } from '@pgherd/local/registry';
import { ensureLocalImage, localImage } from '../support/test-image.ts';

/** A container with an address, and a process in its network that serves and connects. */
export interface Pod {
  ip: string;
  /** First line that a server says to a TCP connection from this pod; rejects with `code`. `keep` names it. */
  firstLine(host: string, port: number, keep?: string): Promise<string>;
  /** Sends over a kept connection and answers what comes back. */
  echo(keep: string, text: string): Promise<string>;
  /** Answer to one UDP datagram. */
  datagram(host: string, port: number, timeoutMs?: number): Promise<string>;
  /** How many datagrams have come to this pod's own port. */
  received(): Promise<number>;
  resolve(server: string, name: string, type: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** A network of its own on this machine, with nothing of an earlier run in it. */
export interface Lab {
  instance: Instance;
  engine: Engine;
  registry: Registry;
  /** Creates or replaces an object of the namespace `default`. */
  put(plural: 'services' | 'endpoints', object: KubeObject): void;
  /** `cutsOf` says what each node is cut off from, whenever the network asks. */
  start(clock?: Clock, cutsOf?: (node: string) => Cuts): Promise<Network>;
  /** On the first node, or on this one. */
  pod(name: string, network: Network, place?: NodePlace): Promise<Pod>;
  cleanup(): Promise<void>;
}

/** Always the same place for one name, so that leftovers of a killed run are found and removed. */
export async function openLab(name: string, { nodes = 1 } = {}): Promise<Lab> {
  const home = join(tmpdir(), `pgherd-test-network-${name}`);
  await mkdir(home, { recursive: true });
  const { facts, problems } = await probeHost();
  if (problems.length > 0) throw new Error(problems.join('\n'));
  await ensureLocalImage();
  stopPodmanService(home);
  const engine = createEngine(await startPodmanService(home, facts));
  const only = await loadOrCreateInstance(home, { engine });
  const instance = nodes === 1 ? only : withNodes(only, { count: nodes }, await usedNetworks(engine));
  const pods: Pod[] = [];

  const removeContainers = async (): Promise<void> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`pgherd-test-network=${instance.id}`] }));
    const containers = await engine.request<{ Id: string }[]>(
      'GET',
      `/containers/json?all=true&filters=${filters}`,
    );
    for (const { Id } of containers) await engine.request('DELETE', `/containers/${Id}?force=true`);
  };
  await removeContainers();
  await resetNetwork(instance, engine);
  const { serviceSubnet, kubernetesServiceIp, apiPort } = instance;
  const registry = openRegistry({ path: ':memory:', serviceSubnet, kubernetesServiceIp, apiPort });

  return {
    instance,
    engine,
    registry,
    put: (plural, object) => {
      const resource = plural === 'services' ? serviceResource : endpointsResource;
      const { name = '', namespace } = object.metadata;
      const exists = registry
        .list(resource, { namespace: 'default' })
        .items.some((item) => item.metadata.name === name);
      if (exists) registry.update(resource, namespace, name, object);
      else registry.create(resource, namespace, object);
    },
    start: (clock = systemClock, cutsOf = () => ({})) =>
      startNetwork({
        registry,
        engine,
        instance,
        nodes: () => placesOf(instance).map((place) => ({ place, cuts: cutsOf(place.name) })),
        clock,
        log: pino({ level: 'silent' }),
      }),
    pod: async (podName, network, place) => {
      const on = place === undefined ? instance : instanceOf(instance, place);
      const pod = await startPod(engine, on, facts, podName, network);
      pods.push(pod);
      return pod;
    },
    cleanup: async () => {
      for (const pod of pods) await pod.stop();
      await removeContainers();
      await resetNetwork(instance, engine);
      registry.close();
      engine.close();
      stopPodmanService(home);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function startPod(
  engine: Engine,
  instance: Instance,
  { ulimits }: HostFacts,
  name: string,
  network: Network,
): Promise<Pod> {
  await network.ensureNetwork();
  const { Id } = await engine.request<{ Id: string }>(
    'POST',
    `/containers/create?name=pgherd-${instance.id}-${name}`,
    {
      Image: localImage,
      Cmd: ['/bin/sleep', '100000'],
      Labels: { 'pgherd-test-network': instance.id },
      HostConfig: {
        NetworkMode: instance.networkName,
        Ulimits: [
          { Name: 'nofile', Soft: ulimits.nofile, Hard: ulimits.nofile },
          { Name: 'nproc', Soft: ulimits.nproc, Hard: ulimits.nproc },
        ],
      },
    },
  );
  await engine.request('POST', `/containers/${Id}/start`);
  await network.onSandboxStarted();
  const { State, NetworkSettings } = await engine.request<{
    State: { Pid: number };
    NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
  }>('GET', `/containers/${Id}/json`);

  const script = fileURLToPath(new URL('network-agent.ts', import.meta.url));
  const agent = spawn('nsenter', [`--net=/proc/${State.Pid}/ns/net`, process.execPath, script, name], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const pending = new Map<number, { done: (value: never) => void; failed: (error: Error) => void }>();
  await new Promise<void>((done, failed) => {
    agent.once('error', failed);
    agent.once('exit', () => failed(new Error(`the agent in pod ${name} ended early`)));
    agent.once('message', () => done());
  });
  agent.on('message', ({ id, value, code }: { id: number; value?: unknown; code?: string }) => {
    const call = pending.get(id);
    pending.delete(id);
    if (code === undefined) call?.done(value as never);
    else call?.failed(Object.assign(new Error(`${name}: ${code}`), { code }));
  });
  let calls = 0;
  const call = <T>(action: string, ...args: unknown[]): Promise<T> =>
    new Promise<T>((done, failed) => {
      const id = ++calls;
      pending.set(id, { done, failed });
      agent.send({ id, action, args });
    });
  let stopped = false;
  return {
    ip: NetworkSettings.Networks[instance.networkName]!.IPAddress,
    firstLine: (host, port, keep) => call('firstLine', host, port, keep),
    echo: (keep, text) => call('echo', keep, text),
    // On its way to another process undefined becomes null, which is no default.
    datagram: (host, port, timeoutMs = 10_000) => call('datagram', host, port, timeoutMs),
    received: () => call('received'),
    resolve: (server, host, type) => call('resolve', server, host, type),
    stop: async () => {
      if (stopped) return;
      stopped = true;
      agent.kill('SIGKILL');
      await engine.request('DELETE', `/containers/${Id}?force=true`);
    },
  };
}

/** A Service of the namespace `default`. */
export function service(name: string, clusterIP: string, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: { clusterIP, ports: [{ name: 'tcp', port: 80 }], ...spec },
  };
}

/** Endpoints of the namespace `default` on the agents' ports. */
export function endpoints(name: string, ...addresses: string[]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { namespace: 'default', name },
    subsets: [
      {
        addresses: addresses.map((ip) => ({ ip })),
        ports: [
          { name: 'tcp', port: 8080, protocol: 'TCP' },
          { name: 'udp', port: 8053, protocol: 'UDP' },
        ],
      },
    ],
  };
}
