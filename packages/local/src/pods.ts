import type { Clock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';
import type { TokenIssuer } from './auth/index.ts';
import { startDns } from './dns/index.ts';
import { connectEngine, probeHost, stopPodmanService } from './engine/index.ts';
import { startNetwork } from './network/index.ts';
import { unmountVolumes } from './node/index.ts';
import { startControl } from './control/control-server.ts';
import { LocalNodes } from './nodes/local-nodes.ts';
import type { NodeStates } from './nodes/node-states.ts';
import type { NodeProxy } from './node/node-proxy.ts';
import { stopAllContainers } from './node/stop-containers.ts';
import type { Registry } from './registry/registry.ts';
import type { Instance } from './instance/instance.ts';

/** What runs pods: container engine, network, DNS, nodes with their agents. */
export interface Pods {
  nodeProxy: NodeProxy;
  /** Ends the agents. With `pods`, containers are stopped too, and the engine's service if it is ours. */
  stop(options: { pods: boolean }): Promise<void>;
}

interface PodsOptions {
  registry: Registry;
  instance: Instance;
  tokenIssuer: TokenIssuer;
  caPem: string;
  clock: Clock;
  log: Logger;
  states: NodeStates;
  /** Told how many nodes there are. */
  onCount: (count: number) => void;
}

/** Starts them in the order in which they need each other. Throws one sentence when this machine lacks something. */
export async function startPods(options: PodsOptions): Promise<Pods> {
  const { registry, instance, clock, log } = options;
  const host = await probeHost();
  for (const line of host.lines) log.info(line);
  if (host.problems.length > 0) throw new Error(host.problems.join('; '));
  const engine = await connectEngine({ home: instance.home, facts: host.facts, log });
  // What had started before something failed ends again, last first, so that another try finds nothing in its way.
  await using started = new AsyncDisposableStack();
  started.defer(() => engine.close());
  const nodes = new LocalNodes({ ...options, engine, facts: host.facts });
  const network = await startNetwork({
    registry,
    engine,
    instance,
    nodes: () => nodes.networks(),
    log,
    clock,
  });
  started.defer(() => network.stop());
  const podSubnets = (): string[] => nodes.networks().map(({ place }) => place.podSubnet);
  const dns = await startDns({ registry, instance, podSubnets, log, clock });
  started.defer(() => dns.stop());
  started.defer(() => nodes.stop({ pods: false }));
  await nodes.start(network);
  const control = await startControl(instance.home, nodes, options.states);
  const running = started.move();
  return {
    nodeProxy: nodes.proxy,
    async stop({ pods }) {
      await control.stop();
      await nodes.stop({ pods });
      if (pods) {
        await stopAllContainers(engine, instance, log);
        await unmountVolumes(instance.home);
      }
      await running.disposeAsync();
      if (pods && engine.own) stopPodmanService(instance.home);
    },
  };
}
